#include "sealroom/media/inbox.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include <catch2/catch.hpp>

#include "private_mount.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace sealroom::testing {
namespace {

// path → "submission: OCTETS", "ignored: REASON" or "ID: DETAIL"
using Listing = std::map<std::string, std::string>;

struct Reading {
  Result<Done> outcome = Done{};
  Listing listing;
  std::size_t visits = 0;
};

Reading read(const std::string& medium, const InboxLimits& limits = {}) {
  Reading reading;
  reading.outcome = read_requests(medium, limits, [&](Found found) -> Result<Done> {
    ++reading.visits;
    if (const auto* submission = std::get_if<Submission>(&found)) {
      reading.listing[submission->path] = "submission: " + std::string(as_text(submission->octets));
    } else if (const auto* unreadable = std::get_if<UnreadableFile>(&found)) {
      reading.listing[unreadable->path] = unreadable->id + ": " + unreadable->detail;
    } else {
      const auto& ignored = std::get<IgnoredFile>(found);
      reading.listing[ignored.path] = "ignored: " + ignored.reason;
    }
    return Done{};
  });
  return reading;
}

// A medium with the request i/p/good.csr, which must come through whatever stands beside it.
class Medium {
 public:
  Medium() { directory_.write("requests/i/p/good.csr", "good"); }

  const std::string& path() const { return directory_.path(); }
  std::string at(const std::string& path) const { return directory_ / ("requests/" + path); }
  void write(const std::string& path, const std::string& text) const { directory_.write("requests/" + path, text); }
  void make_folder(const std::string& path) const { REQUIRE(mkdir(at(path).c_str(), 0755) == 0); }

  // What was found at `path`, after making sure that the good request was found, too.
  std::string verdict(const std::string& path, const InboxLimits& limits = {}) const {
    const auto reading = sealroom::testing::read(directory_.path(), limits);
    REQUIRE(reading.outcome);
    CHECK(reading.listing.at("i/p/good.csr") == "submission: good");
    CHECK(reading.listing.size() == reading.visits);
    const auto found = reading.listing.find(path);
    return found == reading.listing.end() ? "not visited" : found->second;
  }

 private:
  TemporaryDirectory directory_;
};

TEST_CASE("every request below requests/ISSUER/PROFILE/ is handed over with its path and octets") {
  TemporaryDirectory medium;
  medium.write("requests/root/v3_intermediate_ca/ca.csr", "1");
  medium.write("requests/intermediate/server_cert/a.csr", "2");
  medium.write("requests/intermediate/server_cert/a.pem", "3");
  medium.write("requests/intermediate/server_cert/A.CSR", "4");
  medium.write("requests/intermediate/client_cert/b.der", std::string("\0\xff", 2));
  medium.write("requests/intermediate/client_cert/c.Req", "5");
  medium.write("requests/no such issuer/no such profile/d.p10", "6");
  medium.write("elsewhere/i/p/e.csr", "not looked at");
  medium.write("f.csr", "not looked at");
  const auto reading = read(medium.path());
  REQUIRE(reading.outcome);
  CHECK(reading.listing == Listing{{"root/v3_intermediate_ca/ca.csr", "submission: 1"},
                                   {"intermediate/server_cert/a.csr", "submission: 2"},
                                   {"intermediate/server_cert/a.pem", "submission: 3"},
                                   {"intermediate/server_cert/A.CSR", "submission: 4"},
                                   {"intermediate/client_cert/b.der", std::string("submission: \0\xff", 14)},
                                   {"intermediate/client_cert/c.Req", "submission: 5"},
                                   {"no such issuer/no such profile/d.p10", "submission: 6"}});
}

TEST_CASE("an empty requests folder is read without a visit") {
  TemporaryDirectory medium;
  REQUIRE(mkdir((medium / "requests").c_str(), 0755) == 0);
  const auto reading = read(medium.path());
  CHECK(reading.outcome);
  CHECK(reading.visits == 0);
}

TEST_CASE("files are handed over in octet order of their whole paths") {
  TemporaryDirectory medium;
  for (const auto* path :
       {"b/p/1.csr", "a.x/p/1.csr", "a/p.q/1.csr", "a/p/2.csr", "a/p/10.csr", "a/p/1.txt", "a-", "a0"}) {
    medium.write(std::string("requests/") + path, "1");
  }
  std::vector<std::string> paths;
  REQUIRE(read_requests(medium.path(), {}, [&](const Found& found) -> Result<Done> {
    paths.push_back(path_of(found));
    return Done{};
  }));
  CHECK(paths == std::vector<std::string>{"a-", "a.x/p/1.csr", "a/p.q/1.csr", "a/p/1.txt", "a/p/10.csr", "a/p/2.csr",
                                          "a0", "b/p/1.csr"});
}

TEST_CASE("files whose name begins with a dot are ignored at every depth, and such folders are not entered") {
  const Medium medium;
  medium.write(".DS_Store", "x");
  medium.write("i/.hidden.csr", "x");
  medium.write("i/p/._good.csr", "AppleDouble");
  medium.write(".Trashes/p/x.csr", "x");
  for (const auto* path : {".DS_Store", "i/.hidden.csr", "i/p/._good.csr", ".Trashes"}) {
    CHECK(medium.verdict(path) == "ignored: its name begins with a dot");
  }
  CHECK(medium.verdict(".Trashes/p/x.csr") == "not visited");
}

TEST_CASE("other endings and folders below a profile are ignored with the reason") {
  const Medium medium;
  const auto name = GENERATE(as<std::string>(), "readme.txt", "key", "x.csr.bak", "xcsr", "x.key", "csr", "x.cs\u0280");
  medium.write("i/p/" + name, "x");
  medium.write("i/p/deeper/x.csr", "x");
  CHECK_THAT(medium.verdict("i/p/" + name), Catch::StartsWith("ignored: its name does not end as a request's"));
  CHECK(medium.verdict("i/p/deeper") == "ignored: a folder below a profile");
  CHECK(medium.verdict("i/p/deeper/x.csr") == "not visited");
}

TEST_CASE("a file that stands above the profiles is media.unplaced") {
  const Medium medium;
  medium.write("top.csr", "x");
  medium.write("i/half.csr", "x");
  medium.write("notes.txt", "x");
  for (const auto* path : {"top.csr", "i/half.csr", "notes.txt"}) {
    CHECK_THAT(medium.verdict(path), Catch::StartsWith("media.unplaced: "));
  }
}

TEST_CASE("what is named like a request and is no file is media.not-a-file, and is never opened") {
  const Medium medium;
  medium.make_folder("i/p/folder.csr");
  REQUIRE(mkfifo(medium.at("i/p/pipe.csr").c_str(), 0644) == 0);
  REQUIRE(mkfifo(medium.at("i/pipe").c_str(), 0644) == 0);
  REQUIRE(mkfifo(medium.at("pipe").c_str(), 0644) == 0);
  REQUIRE(mknod(medium.at("i/p/socket.csr").c_str(), S_IFSOCK | 0644, 0) == 0);
  CHECK(medium.verdict("i/p/folder.csr") == "media.not-a-file: is a folder");
  for (const auto* path : {"i/p/pipe.csr", "i/pipe", "pipe"}) {
    CHECK(medium.verdict(path) == "media.not-a-file: is a pipe");
  }
  CHECK(medium.verdict("i/p/socket.csr") == "media.not-a-file: is a socket");
  if (mknod(medium.at("i/p/device.csr").c_str(), S_IFCHR | 0644, makedev(1, 5)) == 0) {  // endless zeros
    CHECK(medium.verdict("i/p/device.csr") == "media.not-a-file: is a device");
  } else {
    WARN("the device is skipped: making one is not permitted to this test");
  }
}

TEST_CASE("symbolic links are media.symlink at every depth, wherever they lead") {
  const Medium medium;
  TemporaryDirectory outside;
  outside.write("secret.csr", "secret");
  outside.write("p/secret.csr", "secret");
  const auto link = [&](const std::string& to, const std::string& path) {
    REQUIRE(symlink(to.c_str(), medium.at(path).c_str()) == 0);
    CHECK_THAT(medium.verdict(path), Catch::StartsWith("media.symlink: "));
    CHECK(medium.verdict(path + "/secret.csr") == "not visited");
    CHECK(medium.verdict(path + "/p/secret.csr") == "not visited");
  };
  link("good.csr", "i/p/inside.csr");
  link(outside / "secret.csr", "i/p/outside.csr");
  link("/proc/self/exe", "i/p/magic.csr");
  link("nowhere", "i/p/dangling.csr");
  link(outside.path(), "i/linked-profile");
  link(outside.path(), "linked-issuer");
  link("../requests", "itself");
}

TEST_CASE("a file with two names is media.hard-link; with one it is read") {
  const Medium medium;
  medium.write("i/p/x.csr", "x");
  CHECK(medium.verdict("i/p/x.csr") == "submission: x");
  REQUIRE(link(medium.at("i/p/x.csr").c_str(), (medium.path() + "/elsewhere").c_str()) == 0);
  CHECK_THAT(medium.verdict("i/p/x.csr"), Catch::StartsWith("media.hard-link: "));
}

TEST_CASE("a file as large as the limit is read; one octet more is media.too-large") {
  const Medium medium;
  medium.write("i/p/x.csr", std::string(65'536, 'x'));
  medium.write("i/p/y.csr", std::string(65'537, 'y'));
  CHECK(medium.verdict("i/p/x.csr") == "submission: " + std::string(65'536, 'x'));
  CHECK(medium.verdict("i/p/y.csr") == "media.too-large: is larger than 65536 octets");
  medium.write("i/p/z.csr", "12345");
  CHECK(medium.verdict("i/p/z.csr", {5, 100}) == "submission: 12345");
  CHECK_THAT(medium.verdict("i/p/z.csr", {4, 100}), Catch::StartsWith("media.too-large"));
}

TEST_CASE("a file of 1 GiB is refused by its size alone") {
  const Medium medium;
  medium.write("i/p/x.csr", "");
  REQUIRE(truncate(medium.at("i/p/x.csr").c_str(), off_t{1} << 30) == 0);
  const auto before = std::chrono::steady_clock::now();
  CHECK_THAT(medium.verdict("i/p/x.csr"), Catch::StartsWith("media.too-large"));
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::milliseconds(200));
}

TEST_CASE("an empty file is media.empty") {
  const Medium medium;
  medium.write("i/p/x.csr", "");
  CHECK_THAT(medium.verdict("i/p/x.csr"), Catch::StartsWith("media.empty: "));
}

TEST_CASE("names of any octets are handed over unchanged") {
  const Medium medium;
  const auto stem =
      GENERATE(as<std::string>(), "a\nb", "..a", "a..", "\xff\xfe", " ", "a\\b", "-rf", "\x1b[2J", "$(reboot)");
  const auto name = stem + ".csr";
  const auto folder = stem.starts_with(".") ? "p" : stem;
  medium.write(stem + "x/" + folder + "/" + name, "odd");
  const auto found = medium.verdict(stem + "x/" + folder + "/" + name);
  if (stem.starts_with(".")) {
    CHECK(medium.verdict(stem + "x") == "ignored: its name begins with a dot");
  } else {
    CHECK(found == "submission: odd");
  }
}

TEST_CASE("a name of 255 octets is handed over unchanged") {
  const Medium medium;
  const auto name = std::string(251, 'n') + ".csr";
  medium.write(std::string(255, 'i') + "/" + std::string(255, 'p') + "/" + name, "long");
  CHECK(medium.verdict(std::string(255, 'i') + "/" + std::string(255, 'p') + "/" + name) == "submission: long");
}

TEST_CASE("a medium that is missing or no folder is a usage error") {
  TemporaryDirectory directory;
  directory.write("file", "x");
  for (const auto* path : {"missing", "file", "file/below"}) {
    const auto reading = read(directory / path);
    REQUIRE_FALSE(reading.outcome);
    CHECK(reading.outcome.error().kind == ErrorKind::Usage);
    CHECK(reading.visits == 0);
  }
}

TEST_CASE("a medium without a true requests folder is an error") {
  TemporaryDirectory medium;
  TemporaryDirectory outside;
  outside.write("i/p/secret.csr", "secret");
  std::string rule = "has no requests/ folder";
  SECTION("nothing") {}
  SECTION("a file") { medium.write("requests", "x"); }
  SECTION("a link out of the medium") {
    REQUIRE(symlink(outside.path().c_str(), (medium / "requests").c_str()) == 0);
    rule = "links are not followed";
  }
  SECTION("a link within the medium") {
    medium.write("real/i/p/x.csr", "x");
    REQUIRE(symlink("real", (medium / "requests").c_str()) == 0);
    rule = "links are not followed";
  }
  const auto reading = read(medium.path());
  REQUIRE_FALSE(reading.outcome);
  CHECK(reading.outcome.error().kind == ErrorKind::Failed);
  CHECK_THAT(reading.outcome.error().message, Catch::StartsWith(medium.path()) && Catch::Contains(rule));
  CHECK(reading.visits == 0);
}

TEST_CASE("the medium itself may be named through a link") {
  const Medium medium;
  TemporaryDirectory directory;
  REQUIRE(symlink(medium.path().c_str(), (directory / "usb").c_str()) == 0);
  CHECK(read(directory / "usb").listing.at("i/p/good.csr") == "submission: good");
}

TEST_CASE("as many files as the limit are read; one more is an error, whatever it is") {
  TemporaryDirectory medium;
  for (int i = 0; i < 10; ++i) medium.write("requests/i/p/" + std::to_string(i) + ".csr", "x");
  CHECK(read(medium.path(), {100, 10}).outcome);
  SECTION("a request") { medium.write("requests/i/q/x.csr", "x"); }
  SECTION("an ignored file") { medium.write("requests/i/p/.x", "x"); }
  SECTION("a misplaced file") { medium.write("requests/x", "x"); }
  SECTION("only folders") {
    for (int i = 0; i < 10; ++i) REQUIRE(mkdir((medium / ("requests/i/" + std::to_string(i))).c_str(), 0755) == 0);
  }
  const auto reading = read(medium.path(), {100, 10});
  REQUIRE_FALSE(reading.outcome);
  CHECK(reading.outcome.error().kind == ErrorKind::Failed);
  CHECK_THAT(reading.outcome.error().message, Catch::Contains("holds more than 10"));
}

TEST_CASE("the visitor's error ends the walk and comes back as it was") {
  TemporaryDirectory medium;
  for (int i = 0; i < 10; ++i) medium.write("requests/i/p/" + std::to_string(i) + ".csr", "x");
  int visits = 0;
  const auto outcome = read_requests(medium.path(), {}, [&](Found) -> Result<Done> {
    if (++visits < 3) return Done{};
    return fail(ErrorKind::Token, "enough", "stop");
  });
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().kind == ErrorKind::Token);
  CHECK(outcome.error().message == "enough");
  CHECK(visits == 3);
}

TEST_CASE("a folder that vanishes while it is read is an error that says so") {
  TemporaryDirectory medium;
  for (int i = 0; i < 10; ++i) medium.write("requests/i/p/" + std::to_string(i) + ".csr", "x");
  const auto outcome = read_requests(medium.path(), {}, [&](Found) -> Result<Done> {
    for (int i = 0; i < 10; ++i) unlink((medium / ("requests/i/p/" + std::to_string(i) + ".csr")).c_str());
    return Done{};
  });
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().kind == ErrorKind::Failed);
  CHECK_THAT(outcome.error().message, Catch::Contains("the medium is gone"));
}

TEST_CASE("files and folders without permission are media.unreadable, and the rest is read") {
  if (geteuid() != 0) {
    WARN("skipped: needs root to become another user");
    return;
  }
  const Medium medium;
  REQUIRE(chmod(medium.path().c_str(), 0755) == 0);
  medium.write("i/p/x.csr", "x");
  REQUIRE(chmod(medium.at("i/p/x.csr").c_str(), 0600) == 0);
  medium.make_folder("i/closed");
  REQUIRE(chmod(medium.at("i/closed").c_str(), 0700) == 0);
  const Fd said = memory_file();
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
    const auto reading = read(medium.path());
    std::string text = reading.outcome ? "" : reading.outcome.error().message;
    for (const auto& [path, found] : reading.listing) text += path + " " + found + "\n";
    _exit(write_all(said.get(), as_bytes(text), "listing") ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  REQUIRE(status == 0);
  CHECK(content_of(said) ==
        "i/closed media.unreadable: cannot be read: Permission denied\n"
        "i/p/good.csr submission: good\n"
        "i/p/x.csr media.unreadable: cannot be read: Permission denied\n");
}

TEST_CASE("what another file system brings in is media.unreadable") {
  const Medium medium;
  medium.make_folder("i/q");
  std::string found;
  std::string why;
  // A namespace is a thread's; this one ends with its mounts.
  std::thread([&] {
    PrivateMount mount(medium.at("i/q"), "size=64k");
    why = mount.why();
    if (!mount) return;
    medium.write("i/q/x.csr", "x");
    const auto reading = read(medium.path());
    if (reading.outcome && reading.listing.size() == 2) found = reading.listing.at("i/q");
  }).join();
  if (!why.empty()) {
    WARN("skipped: " + why);
    return;
  }
  CHECK(found == "media.unreadable: another file system is mounted there");
}

TEST_CASE("a read-only medium is read") {
  TemporaryDirectory directory;
  std::string found;
  std::string why;
  std::thread([&] {
    PrivateMount mount(directory.path(), "size=64k");
    why = mount.why();
    if (!mount) return;
    directory.write("requests/i/p/x.csr", "x");
    if (!mount.make_read_only()) return;
    const auto reading = read(directory.path());
    if (reading.outcome && reading.listing.size() == 1) found = reading.listing.at("i/p/x.csr");
  }).join();
  if (!why.empty()) {
    WARN("skipped: " + why);
    return;
  }
  CHECK(found == "submission: x");
}

TEST_CASE("a medium that is pulled out while it is read is an error that says so") {
  TemporaryDirectory directory;
  REQUIRE(mkdir((directory / "medium").c_str(), 0755) == 0);
  Result<Done> outcome = Done{};
  std::string why;
  int visits = 0;
  std::thread([&] {
    PrivateMount mount(directory / "medium", PrivateMount::Ext4{directory / "image"});
    why = mount.why();
    if (!mount) return;
    for (int i = 0; i < 10; ++i) directory.write("medium/requests/i/p" + std::to_string(i) + "/x.csr", "x");
    outcome = read_requests(directory / "medium", {}, [&](Found) -> Result<Done> {
      if (++visits == 1) mount.pull();
      return Done{};
    });
  }).join();
  if (!why.empty()) {
    WARN("skipped: " + why);
    return;
  }
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().kind == ErrorKind::Failed);
  CHECK_THAT(outcome.error().message, Catch::Contains("the medium is gone"));
  CHECK(visits == 1);
}

TEST_CASE("a file that changes while it is read is handed over within the limit, or refused") {
  const Medium medium;
  const auto path = medium.at("i/p/moving.csr");
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    bool placed = true;
    for (unsigned turn = 0; !stop && placed; ++turn) {
      unlink(path.c_str());
      switch (turn % 4) {
        case 0: placed = symlink("/etc/passwd", path.c_str()) == 0; break;
        case 1: placed = mkfifo(path.c_str(), 0644) == 0; break;
        case 2: placed = mkdir(path.c_str(), 0755) == 0 && rmdir(path.c_str()) == 0; break;
        default: placed = write_new_file(path, as_bytes(std::string(turn % 2000, 'm')), 0644).has_value();
      }
    }
  });
  bool kept = true;
  for (int i = 0; i < 300; ++i) {
    const auto reading = read(medium.path(), {1000, 100});
    const auto found = reading.listing.find("i/p/moving.csr");
    if (found == reading.listing.end() || !found->second.starts_with("submission: ")) continue;
    const auto octets = found->second.substr(12);
    kept = kept && octets.size() <= 1000 && octets.find_first_not_of('m') == std::string::npos;
  }
  stop = true;
  writer.join();
  CHECK(kept);
}

}  // namespace
}  // namespace sealroom::testing
