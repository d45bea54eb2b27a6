#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sealroom/base/file.hpp"
#include "support/temporary_directory.hpp"

using namespace sealroom;
using sealroom::testing::TemporaryDirectory;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }

}  // namespace

TEST_CASE("a file is read whole, up to its limit and not an octet further") {
  const TemporaryDirectory here;
  const std::string text(200'000, 'x');
  const auto path = here.write("a", text);
  const auto read = read_file(path, text.size());
  REQUIRE(read);
  CHECK(as_text(*read) == text);
  const auto refused = read_file(path, text.size() - 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("199999") != std::string::npos);
}

TEST_CASE("an empty file is read as nothing") {
  const TemporaryDirectory here;
  const auto read = read_file(here.write("a", ""), 0);
  REQUIRE(read);
  CHECK(read->empty());
}

TEST_CASE("what is no regular file is not read, and a FIFO does not stall the reader") {
  const TemporaryDirectory here;
  CHECK_FALSE(read_file(here.path(), 100));
  REQUIRE(mkfifo((here / "fifo").c_str(), 0600) == 0);
  CHECK_FALSE(read_file(here / "fifo", 100));
  const auto missing = read_file(here / "no\nthing", 100);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("no\\x0athing") != std::string::npos);
}

TEST_CASE("a new file has exactly its octets and its mode") {
  const TemporaryDirectory here;
  const auto old_mask = umask(0777);
  const auto written = write_new_file(here / "a", as_bytes("octets"), 0444);
  umask(old_mask);
  REQUIRE(written);
  CHECK(here.read("a") == "octets");
  CHECK(mode_of(here / "a") == 0444);
}

TEST_CASE("an existing file, or a link in its place, is never written") {
  const TemporaryDirectory here;
  here.write("a", "old");
  CHECK_FALSE(write_new_file(here / "a", as_bytes("new"), 0600));
  CHECK(here.read("a") == "old");
  REQUIRE(symlink((here / "elsewhere").c_str(), (here / "link").c_str()) == 0);
  CHECK_FALSE(write_new_file(here / "link", as_bytes("new"), 0600));
  CHECK_FALSE(exists(here / "elsewhere"));
}

TEST_CASE("a write that fails leaves no file behind") {
  const TemporaryDirectory here;
  CHECK_FALSE(write_new_file(here / "missing/a", as_bytes("new"), 0600));
  CHECK_FALSE(exists(here / "missing"));
  const Fd full(::open("/dev/full", O_WRONLY));
  REQUIRE(full);
  const auto written = write_all(full.get(), as_bytes("new"), "the medium");
  REQUIRE_FALSE(written);
  CHECK(written.error().message.starts_with("the medium: "));
}

TEST_CASE("directories can be made durable, files and missing names not") {
  const TemporaryDirectory here;
  CHECK(sync_directory(here.path()));
  CHECK_FALSE(sync_directory(here.write("a", "")));
  CHECK_FALSE(sync_directory(here / "missing"));
}

TEST_CASE("a descriptor is closed when its owner goes or takes another") {
  const int first = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int second = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  {
    Fd owner(first);
    Fd moved(std::move(owner));
    CHECK_FALSE(owner);
    CHECK(moved.get() == first);
    moved = Fd(second);
    CHECK_FALSE(is_open(first));
    CHECK(is_open(second));
  }
  CHECK_FALSE(is_open(second));
  Fd released(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int fd = released.release();
  CHECK_FALSE(released);
  CHECK(is_open(fd));
  ::close(fd);
}
