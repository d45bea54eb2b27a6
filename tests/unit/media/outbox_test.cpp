#include "sealroom/media/outbox.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <set>
#include <system_error>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "private_mount.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "support/temporary_directory.hpp"

namespace sealroom::testing {
namespace {

// Every name below `directory`.
std::set<std::string> names_below(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    names.insert(std::filesystem::relative(entry.path(), directory).string());
  }
  return names;
}

// Takes the Outbox that must be there.
Outbox made(Result<Outbox> outbox) {
  REQUIRE(outbox);
  return std::move(*outbox);
}

void check_refused(const Result<Done>& result, const std::string& rule) {
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::Failed);
  CHECK_THAT(result.error().message, Catch::Contains(rule));
}

TEST_CASE("a file that comes in pieces is their octets, and its digest is told") {
  TemporaryDirectory medium;
  auto outbox = made(Outbox::create(medium.path(), "audit", "log-1"));
  int left = 3;
  REQUIRE(outbox.write(
      "log.jsonl", [&]() -> Result<Bytes> { return left-- > 0 ? copy(as_bytes("piece\n")) : Bytes{}; }, 0444));
  CHECK(outbox.written() == std::map<std::string, Digest>{{"log.jsonl", sha256(as_bytes("piece\npiece\npiece\n"))}});
  REQUIRE(outbox.finish());
  CHECK(medium.read("audit/log-1/log.jsonl") == "piece\npiece\npiece\n");
}

TEST_CASE("many files in several folders are all there, and read back") {
  TemporaryDirectory medium;
  auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) texts.push_back(std::string(static_cast<std::size_t>(i) * 100, 'x'));
  const bool behind = GENERATE(false, true);
  for (int i = 0; i < 200; ++i) {
    const auto path = fmt::format("i/p{}/{}", i % 3, i);
    const auto octets = as_bytes(texts[static_cast<std::size_t>(i)]);
    REQUIRE((behind ? outbox.write_behind(path, copy(octets), 0444) : outbox.write(path, octets, 0444)));
  }
  REQUIRE(outbox.settle());
  CHECK(outbox.written().size() == 200);
  CHECK(outbox.written().at("i/p1/7") == sha256(as_bytes(texts[7])));
  REQUIRE(outbox.finish());
  for (int i = 0; i < 200; ++i) {
    const auto path = fmt::format("issued/B-1/i/p{}/{}", i % 3, i);
    CHECK(medium.read(path) == texts[static_cast<std::size_t>(i)]);
    struct stat status{};
    REQUIRE(stat((medium / path).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0444);
  }
  CHECK(digests_below(medium / "issued/B-1").value().size() == 200);
}

TEST_CASE("one file that cannot be written takes all with it") {
  TemporaryDirectory medium;
  auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
  for (int i = 0; i < 20; ++i) REQUIRE(outbox.write(fmt::format("f/{}", i), as_bytes("x"), 0444));
  std::string path;
  SECTION("a path that was given before") { path = "f/7"; }
  SECTION("a path that is no medium's") { path = "f/../x"; }
  SECTION("a file in the place of a folder") { path = "f/7/x"; }
  SECTION("a file that something else has made") {
    medium.write("issued/B-1.partial/f/strange", "x");
    path = "f/strange";
  }
  CHECK_FALSE(outbox.write(path, as_bytes("y"), 0444));
  CHECK(names_below(medium.path()).empty());
  check_refused(outbox.finish(), "has ended already");
}

TEST_CASE("pieces that cannot be had leave nothing behind") {
  TemporaryDirectory medium;
  auto outbox = made(Outbox::create(medium.path(), "audit", "log-1"));
  int left = 1;
  check_refused(outbox.write(
                    "log.jsonl",
                    [&]() -> Result<Bytes> {
                      if (left-- > 0) return copy(as_bytes("piece\n"));
                      return fail(ErrorKind::Failed, "the daemon is gone");
                    },
                    0444),
                "the daemon is gone");
  CHECK(names_below(medium.path()).empty());
  check_refused(outbox.finish(), "has ended already");
}

TEST_CASE("a finished export is there complete, with its modes, and nothing else is") {
  TemporaryDirectory medium;
  medium.write("requests/i/p/a.csr", "a");
  auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
  REQUIRE(outbox.write("i/p/a.cert.pem", as_bytes("certificate"), 0444));
  REQUIRE(outbox.write("i/p/b.cert.pem", as_bytes(""), 0644));
  REQUIRE(outbox.write("SHA256SUMS", as_bytes(std::string(300'000, 's')), 0444));
  CHECK(names_below(medium / "issued").contains("B-1.partial/SHA256SUMS"));
  REQUIRE(outbox.finish());
  CHECK(names_below(medium / "issued") ==
        std::set<std::string>{"B-1", "B-1/SHA256SUMS", "B-1/i", "B-1/i/p", "B-1/i/p/a.cert.pem", "B-1/i/p/b.cert.pem"});
  CHECK(medium.read("issued/B-1/i/p/a.cert.pem") == "certificate");
  CHECK(medium.read("issued/B-1/i/p/b.cert.pem").empty());
  CHECK(medium.read("issued/B-1/SHA256SUMS") == std::string(300'000, 's'));
  struct stat status{};
  REQUIRE(stat((medium / "issued/B-1/i/p/a.cert.pem").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0444);
  check_refused(outbox.write("late", as_bytes("x"), 0444), "has ended already");
  check_refused(outbox.finish(), "has ended already");
}

TEST_CASE("several exports stand beside each other") {
  TemporaryDirectory medium;
  for (const auto* name : {"B-1", "B-2"}) {
    auto outbox = made(Outbox::create(medium.path(), "issued", name));
    REQUIRE(outbox.write("f", as_bytes(name), 0444));
    REQUIRE(outbox.finish());
  }
  CHECK(medium.read("issued/B-1/f") == "B-1");
  CHECK(medium.read("issued/B-2/f") == "B-2");
}

TEST_CASE("an export that is not finished leaves nothing") {
  TemporaryDirectory medium;
  {
    auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
    REQUIRE(outbox.write("a/b/c", as_bytes("x"), 0444));
    auto moved = std::move(outbox);
    REQUIRE(moved.write("d", as_bytes("x"), 0444));
    CHECK(names_below(medium / "issued").contains("B-1.partial/d"));
  }
  CHECK(names_below(medium.path()) == std::set<std::string>{});
}

TEST_CASE("assigning another export abandons the first") {
  TemporaryDirectory medium;
  auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
  outbox = made(Outbox::create(medium.path(), "issued", "B-2"));
  REQUIRE(outbox.write("f", as_bytes("x"), 0444));
  REQUIRE(outbox.finish());
  CHECK(names_below(medium / "issued") == std::set<std::string>{"B-2", "B-2/f"});
}

TEST_CASE("what an interrupted export left is replaced") {
  TemporaryDirectory medium;
  const pid_t child = fork();
  if (child == 0) {
    auto outbox = Outbox::create(medium.path(), "issued", "B-1");
    if (outbox && outbox->write("i/p/old", as_bytes("x"), 0444)) raise(SIGKILL);
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(names_below(medium / "issued").contains("B-1.partial/i/p/old"));
  auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
  REQUIRE(outbox.write("new", as_bytes("y"), 0444));
  REQUIRE(outbox.finish());
  CHECK(names_below(medium / "issued") == std::set<std::string>{"B-1", "B-1/new"});
}

TEST_CASE("a leftover is removed without following what links it holds") {
  TemporaryDirectory medium;
  TemporaryDirectory outside;
  outside.write("precious", "kept");
  SECTION("links in it") {
    medium.write("issued/B-1.partial/x", "x");
    REQUIRE(symlink(outside.path().c_str(), (medium / "issued/B-1.partial/folder").c_str()) == 0);
    REQUIRE(symlink((outside / "precious").c_str(), (medium / "issued/B-1.partial/file").c_str()) == 0);
  }
  SECTION("itself a link") {
    REQUIRE(mkdir((medium / "issued").c_str(), 0755) == 0);
    REQUIRE(symlink(outside.path().c_str(), (medium / "issued/B-1.partial").c_str()) == 0);
  }
  SECTION("itself a file") { medium.write("issued/B-1.partial", "x"); }
  auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
  REQUIRE(outbox.write("f", as_bytes("x"), 0444));
  REQUIRE(outbox.finish());
  CHECK(names_below(medium / "issued") == std::set<std::string>{"B-1", "B-1/f"});
  CHECK(names_below(outside.path()) == std::set<std::string>{"precious"});
  CHECK(outside.read("precious") == "kept");
}

TEST_CASE("a leftover that is nested without reason is an error, not an endless walk") {
  TemporaryDirectory medium;
  medium.write("issued/B-1.partial/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/x", "x");
  CHECK_FALSE(Outbox::create(medium.path(), "issued", "B-1"));
}

TEST_CASE("a complete export is never touched") {
  TemporaryDirectory medium;
  medium.write("issued/B-1/f", "first");
  const auto outbox = Outbox::create(medium.path(), "issued", "B-1");
  REQUIRE_FALSE(outbox);
  CHECK(outbox.error().kind == ErrorKind::Failed);
  CHECK_THAT(outbox.error().message, Catch::Contains("issued/B-1 is already there"));
  CHECK(names_below(medium / "issued") == std::set<std::string>{"B-1", "B-1/f"});
  CHECK(medium.read("issued/B-1/f") == "first");
}

TEST_CASE("an export that appears meanwhile is not replaced, even when it is empty") {
  TemporaryDirectory medium;
  auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
  REQUIRE(outbox.write("f", as_bytes("second"), 0444));
  REQUIRE(mkdir((medium / "issued/B-1").c_str(), 0755) == 0);
  check_refused(outbox.finish(), "is already there");
  CHECK(names_below(medium / "issued") == std::set<std::string>{"B-1"});
}

TEST_CASE("a path written twice ends the export") {
  TemporaryDirectory medium;
  auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
  REQUIRE(outbox.write("i/f", as_bytes("1"), 0444));
  SECTION("as a file") { check_refused(outbox.write("i/f", as_bytes("2"), 0444), "written twice"); }
  SECTION("as a folder") { CHECK_FALSE(outbox.write("i/f/g", as_bytes("2"), 0444)); }
  SECTION("where a folder is") { check_refused(outbox.write("i", as_bytes("2"), 0444), "is there already"); }
  check_refused(outbox.finish(), "has ended already");
  CHECK(names_below(medium.path()) == std::set<std::string>{});
}

TEST_CASE("paths that lead elsewhere, or not onto every file system, are refused and end the export") {
  TemporaryDirectory medium;
  auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
  const auto path =
      GENERATE(as<std::string>(), "", ".", "..", "../x", "i/../../x", "/x", "i//x", "i/", "./x", ".hidden", "a\\b",
               "a:b", "a*", "a\nb", "a.", "a ", "gr\u00fcn", std::string("a\0b", 3), std::string(256, 'a'));
  check_refused(outbox.write(path, as_bytes("x"), 0444), "is not a path");
  CHECK_FALSE(outbox.finish());
  CHECK(names_below(medium.path()) == std::set<std::string>{});
}

TEST_CASE("plain paths of every allowed kind are written") {
  TemporaryDirectory medium;
  auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
  REQUIRE(outbox.write("x.cert.pem", as_bytes("x"), 0444));
  for (const auto& path : {"a.b", "-x", "_", "with blank/in it", "d/e/f/g"}) {
    REQUIRE(outbox.write(path, as_bytes(path), 0444));
  }
  REQUIRE(outbox.write(std::string(255, 'n'), as_bytes("n"), 0444));
  REQUIRE(outbox.finish());
  CHECK(medium.read("issued/B-1/with blank/in it") == "with blank/in it");
  CHECK(medium.read("issued/B-1/d/e/f/g") == "d/e/f/g");
}

TEST_CASE("a place for the export that is not a plain name is refused") {
  TemporaryDirectory medium;
  CHECK_FALSE(Outbox::create(medium.path(), "..", "B-1"));
  CHECK_FALSE(Outbox::create(medium.path(), "issued", "../B-1"));
  CHECK_FALSE(Outbox::create(medium.path(), "issued", ""));
  CHECK(names_below(medium.path()).empty());
}

TEST_CASE("folders that are links are not written into") {
  TemporaryDirectory medium;
  TemporaryDirectory outside;
  SECTION("the parent") {
    REQUIRE(symlink(outside.path().c_str(), (medium / "issued").c_str()) == 0);
    const auto outbox = Outbox::create(medium.path(), "issued", "B-1");
    REQUIRE_FALSE(outbox);
    CHECK_THAT(outbox.error().message, Catch::Contains("links are not followed"));
  }
  SECTION("one that appears in the export") {
    auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
    REQUIRE(symlink(outside.path().c_str(), (medium / "issued/B-1.partial/i").c_str()) == 0);
    check_refused(outbox.write("i/f", as_bytes("x"), 0444), "links are not followed");
  }
  SECTION("a file's name") {
    auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
    REQUIRE(symlink((outside / "f").c_str(), (medium / "issued/B-1.partial/f").c_str()) == 0);
    CHECK_FALSE(outbox.write("f", as_bytes("x"), 0444));
  }
  CHECK(names_below(outside.path()).empty());
}

TEST_CASE("what reads back otherwise than it was written is found, and nothing is left") {
  TemporaryDirectory medium;
  auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
  REQUIRE(outbox.write("i/a", as_bytes("a"), 0644));
  REQUIRE(outbox.write("i/b", as_bytes("b"), 0644));
  const auto partial = medium / "issued/B-1.partial/";
  SECTION("changed") { medium.write("issued/B-1.partial/i/b", "B"); }
  SECTION("shorter") { REQUIRE(truncate((partial + "i/b").c_str(), 0) == 0); }
  SECTION("missing") { REQUIRE(unlink((partial + "i/b").c_str()) == 0); }
  SECTION("added") { medium.write("issued/B-1.partial/i/c", "c"); }
  SECTION("added link") { REQUIRE(symlink("a", (partial + "i/c").c_str()) == 0); }
  const auto finished = outbox.finish();
  REQUIRE_FALSE(finished);
  CHECK(finished.error().kind == ErrorKind::Failed);
  CHECK_THAT(finished.error().message, Catch::Contains("i/b") || Catch::Contains("i/c"));
  CHECK(names_below(medium.path()) == std::set<std::string>{});
}

TEST_CASE("an export to a medium that is missing or no folder is a usage error") {
  TemporaryDirectory directory;
  directory.write("file", "x");
  for (const auto* path : {"missing", "file"}) {
    const auto outbox = Outbox::create(directory / path, "issued", "B-1");
    REQUIRE_FALSE(outbox);
    CHECK(outbox.error().kind == ErrorKind::Usage);
  }
  CHECK(names_below(directory.path()) == std::set<std::string>{"file"});
}

TEST_CASE("a file where the exports' folder should be is an error") {
  TemporaryDirectory medium;
  medium.write("issued", "x");
  const auto outbox = Outbox::create(medium.path(), "issued", "B-1");
  REQUIRE_FALSE(outbox);
  CHECK(outbox.error().kind == ErrorKind::Failed);
  CHECK_THAT(outbox.error().message, Catch::Contains("issued: a folder is needed here"));
  CHECK(medium.read("issued") == "x");
}

TEST_CASE("an export that ends while files are filled leaves nothing") {
  TemporaryDirectory medium;
  {
    auto outbox = made(Outbox::create(medium.path(), "issued", "B-1"));
    for (int i = 0; i < 150; ++i) {
      REQUIRE(outbox.write_behind(fmt::format("f/{}", i), Bytes(20'000, 'x'), 0444));
    }
    SECTION("unsettled") {}
    SECTION("by a path that is written twice") {
      check_refused(outbox.write_behind("f/7", Bytes(1, 'y'), 0444), "written twice");
      check_refused(outbox.settle(), "has ended already");
      check_refused(outbox.finish(), "has ended already");
    }
    SECTION("by a file that is there already") {
      medium.write("issued/B-1.partial/f/strange", "x");
      check_refused(outbox.write_behind("f/strange", Bytes(1, 'y'), 0444), "is there already");
    }
  }
  CHECK(names_below(medium.path()).empty());
}

// Whether `act` holds for a user who may have no more threads, tried in a child of this process.
bool holds_without_threads(const std::string& place, const std::function<bool()>& act) {
  constexpr uid_t kNobody = 65534;
  if (geteuid() == 0 && chown(place.c_str(), kNobody, kNobody) != 0) return false;
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_NPROC, &none) != 0 || (geteuid() == 0 && setresuid(kNobody, kNobody, kNobody) != 0)) _exit(2);
    try {
      std::thread([] {}).join();
      _exit(3);  // there was a thread
    } catch (const std::system_error&) {
      _exit(act() ? 0 : 1);
    }
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("where no thread is to be had, files are filled all the same") {
  TemporaryDirectory medium;
  CHECK(holds_without_threads(medium.path(), [&] {
    auto outbox = Outbox::create(medium.path(), "issued", "B-1");
    Result<Done> written = Done{};
    for (int i = 0; outbox && written && i < 150; ++i) {
      written = outbox->write_behind(fmt::format("f/{}", i), Bytes(100, 'x'), 0444);
    }
    return outbox && written && outbox->finish().has_value();
  }));
  CHECK(medium.read("issued/B-1/f/0") == std::string(100, 'x'));
  CHECK(medium.read("issued/B-1/f/149") == std::string(100, 'x'));
}

struct Mounted {
  std::string why;      // not mounted
  std::string message;  // of the error
  ErrorKind kind = ErrorKind::Usage;
  std::set<std::string> left;
  std::string precious;
};

TEST_CASE("a full medium is named, and what was written is taken away again") {
  TemporaryDirectory directory;
  Mounted seen;
  const bool many_files = GENERATE(false, true);
  const bool behind = GENERATE(false, true);
  std::thread([&] {
    PrivateMount mount(directory.path(), many_files ? "size=1m,nr_inodes=20" : "size=64k");
    seen.why = mount.why();
    if (!mount) return;
    directory.write("precious", "kept");
    auto outbox = Outbox::create(directory.path(), "issued", "B-1");
    Result<Done> written = Done{};
    for (int i = 0; outbox && written && i < 100; ++i) {
      const Bytes octets(many_files ? 1 : 5000, 'x');
      const auto path = "i/" + std::to_string(i);
      written = behind ? outbox->write_behind(path, octets, 0444) : outbox->write(path, octets, 0444);
    }
    if (outbox && written) written = outbox->settle();
    if (!written) seen.message = written.error().message, seen.kind = written.error().kind;
    seen.left = names_below(directory.path());
    seen.precious = directory.read("precious");
  }).join();
  if (!seen.why.empty()) {
    WARN("skipped: " + seen.why);
    return;
  }
  CHECK_THAT(seen.message, Catch::StartsWith(directory.path()) && Catch::Contains("the medium is full"));
  CHECK(seen.kind == ErrorKind::Failed);
  CHECK(seen.left == std::set<std::string>{"precious"});
  CHECK(seen.precious == "kept");
}

TEST_CASE("a read-only medium is named") {
  TemporaryDirectory directory;
  Mounted seen;
  const bool has_parent = GENERATE(false, true);
  const bool midway = GENERATE(false, true);
  std::thread([&] {
    PrivateMount mount(directory.path(), "size=64k");
    seen.why = mount.why();
    if (!mount) return;
    if (has_parent) directory.write("issued/B-0/f", "kept");
    if (midway) {
      auto outbox = Outbox::create(directory.path(), "issued", "B-1");
      if (!outbox || !mount.make_read_only()) return;
      const auto written = outbox->write("f", as_bytes("x"), 0444);
      if (!written) seen.message = written.error().message, seen.kind = written.error().kind;
    } else {
      if (!mount.make_read_only()) return;
      const auto outbox = Outbox::create(directory.path(), "issued", "B-1");
      if (!outbox) seen.message = outbox.error().message, seen.kind = outbox.error().kind;
    }
  }).join();
  if (!seen.why.empty()) {
    WARN("skipped: " + seen.why);
    return;
  }
  CHECK_THAT(seen.message, Catch::StartsWith(directory.path()) && Catch::Contains("the medium is read-only"));
  CHECK(seen.kind == ErrorKind::Failed);
}

TEST_CASE("a medium that is pulled out while it is written to, or before it is read back, is named") {
  TemporaryDirectory directory;
  REQUIRE(mkdir((directory / "medium").c_str(), 0755) == 0);
  Mounted seen;
  const bool before_finish = GENERATE(false, true);
  std::thread([&] {
    PrivateMount mount(directory / "medium", PrivateMount::Ext4{directory / "image"});
    seen.why = mount.why();
    if (!mount) return;
    auto outbox = Outbox::create(directory / "medium", "issued", "B-1");
    if (!outbox || !outbox->write("f", as_bytes("x"), 0444) || !mount.pull()) return;
    const auto failed = before_finish ? outbox->finish() : outbox->write("g", as_bytes("x"), 0444);
    if (!failed) seen.message = failed.error().message, seen.kind = failed.error().kind;
  }).join();
  if (!seen.why.empty()) {
    WARN("skipped: " + seen.why);
    return;
  }
  CHECK_THAT(seen.message, Catch::StartsWith(directory / "medium") && Catch::Contains("the medium is gone"));
  CHECK(seen.kind == ErrorKind::Failed);
}

TEST_CASE("the digests below a folder are those of its files by path") {
  TemporaryDirectory directory;
  directory.write("a/b/c", "1");
  directory.write(".d", std::string(200'000, 'd'));
  directory.write("e", "");
  REQUIRE(mkdir((directory / "empty").c_str(), 0755) == 0);
  const auto digests = digests_below(directory.path());
  REQUIRE(digests);
  CHECK(*digests == std::map<std::string, Digest>{{"a/b/c", sha256(as_bytes("1"))},
                                                  {".d", sha256(as_bytes(std::string(200'000, 'd')))},
                                                  {"e", sha256(as_bytes(""))}});
}

TEST_CASE("digests are not taken of links and pipes, nor through them") {
  TemporaryDirectory directory;
  TemporaryDirectory outside;
  outside.write("f", "x");
  std::string at = directory.path();
  SECTION("a link to a file") { REQUIRE(symlink((outside / "f").c_str(), (directory / "odd").c_str()) == 0); }
  SECTION("a link to a folder") { REQUIRE(symlink(outside.path().c_str(), (directory / "odd").c_str()) == 0); }
  SECTION("a pipe") { REQUIRE(mkfifo((directory / "odd").c_str(), 0644) == 0); }
  SECTION("a missing folder") { at += "/odd"; }
  SECTION("the folder itself a link") {
    REQUIRE(symlink(outside.path().c_str(), (directory / "odd").c_str()) == 0);
    at += "/odd";
  }
  const auto digests = digests_below(at);
  REQUIRE_FALSE(digests);
  CHECK(digests.error().kind == ErrorKind::Failed);
  CHECK_THAT(digests.error().message, Catch::Contains("odd"));
}

}  // namespace
}  // namespace sealroom::testing
