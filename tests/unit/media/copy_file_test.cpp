#include "sealroom/media/copy_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "sealroom/base/file.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "support/temporary_directory.hpp"

namespace sealroom::testing {
namespace {

void put(const std::string& path, std::string_view text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

void check_refused(const Result<Done>& copied, const std::string& target, const std::string& rule) {
  REQUIRE_FALSE(copied);
  CHECK(copied.error().kind == ErrorKind::Failed);
  CHECK_THAT(copied.error().message, Catch::Contains(rule));
  CHECK_FALSE(std::filesystem::exists(target));
}

}  // namespace

TEST_CASE("a file is copied when it has the octets that were promised, to a new file of its mode") {
  const TemporaryDirectory directory;
  put(directory / "medium/a/b.cnf", "text");
  const auto target = directory / "target";
  REQUIRE(copy_file(directory / "medium", "a/b.cnf", sha256(as_bytes("text")), target, 0640));
  CHECK(as_text(*read_file(target, 100)) == "text");
  struct stat status{};
  REQUIRE(::stat(target.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
  const auto again = copy_file(directory / "medium", "a/b.cnf", sha256(as_bytes("text")), target, 0640);
  REQUIRE_FALSE(again);
  CHECK_THAT(again.error().message, Catch::Contains("cannot be created"));
  CHECK(as_text(*read_file(target, 100)) == "text");
}

TEST_CASE("what is another file, a link, a folder or missing is not copied") {
  const TemporaryDirectory directory;
  const auto medium = directory / "medium", target = directory / "target";
  const auto digest = sha256(as_bytes("text"));
  put(medium + "/changed", "texts");
  put(directory / "outside/file", "text");
  std::filesystem::create_symlink("../outside/file", medium + "/link");
  std::filesystem::create_directory_symlink("../outside", medium + "/folder");
  check_refused(copy_file(medium, "changed", digest, target, 0600), target, "has changed while it was read");
  check_refused(copy_file(medium, "link", digest, target, 0600), target, "is a link");
  check_refused(copy_file(medium, "folder/file", digest, target, 0600), target, "is a link");
  check_refused(copy_file(medium, "../outside/file", digest, target, 0600), target, "another file system");
  check_refused(copy_file(medium, "missing", digest, target, 0600), target, "missing");
  std::filesystem::create_directory(medium + "/real");
  check_refused(copy_file(medium, "real", digest, target, 0600), target, "is not a file");
}

}  // namespace sealroom::testing
