#include "upload.hpp"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "home.hpp"

namespace sealroom::daemon {
namespace {

// How one file lies in the spool: this, and then so many octets of each part. The program that reads it wrote it.
struct Head {
  std::size_t kind = 0;  // index in Found
  std::array<std::size_t, 3> sizes{};
};

using Parts = std::array<ByteView, 3>;

Parts parts_of(const Submission& file) { return {as_bytes(file.path), file.octets, {}}; }
Parts parts_of(const UnreadableFile& file) { return {as_bytes(file.path), as_bytes(file.id), as_bytes(file.detail)}; }
Parts parts_of(const IgnoredFile& file) { return {as_bytes(file.path), as_bytes(file.reason), {}}; }

Found found_of(std::size_t kind, const std::array<Bytes, 3>& parts) {
  std::string path(as_text(parts[0]));
  if (kind == 0) return Submission{std::move(path), parts[1]};
  if (kind == 1) return UnreadableFile{std::move(path), std::string(as_text(parts[1])), std::string(as_text(parts[2]))};
  return IgnoredFile{std::move(path), std::string(as_text(parts[1]))};
}

std::unexpected<Error> unusable(int reason) {
  return fail(ErrorKind::Failed, fmt::format("{}: cannot be used: {}", kSpool, strerror(reason)),
              "make room on the disk of the home, then import again");
}

// A new file for the daemon alone, which has no name a moment later.
std::FILE* open_spool() {
  Fd fd(open(kSpool, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd || unlink(kSpool) != 0) return nullptr;
  std::FILE* file = fdopen(fd.get(), "w+b");
  if (file != nullptr) fd.release();
  return file;
}

}  // namespace

bool UploadSpace::take(std::size_t octets) {
  if ((used_ += octets) <= kOctets) return true;
  used_ -= octets;
  return false;
}

Upload::Upload(Upload&& other) noexcept
    : space_(other.space_),
      spool_(std::move(other.spool_)),
      files_(std::exchange(other.files_, 0)),
      octets_(std::exchange(other.octets_, 0)) {}

Upload& Upload::operator=(Upload&& other) noexcept {
  if (this == &other) return *this;
  clear();
  space_ = other.space_;
  spool_ = std::move(other.spool_);
  files_ = std::exchange(other.files_, 0);
  octets_ = std::exchange(other.octets_, 0);
  return *this;
}

Result<Done> Upload::add(const Found& file) {
  const auto parts = std::visit([](const auto& found) { return parts_of(found); }, file);
  Head head{.kind = file.index(), .sizes = {parts[0].size(), parts[1].size(), parts[2].size()}};
  const auto octets = sizeof head + head.sizes[0] + head.sizes[1] + head.sizes[2];
  if (!space_->take(octets)) {
    return fail(ErrorKind::Failed, fmt::format("all imports together have more than {} octets", UploadSpace::kOctets),
                "import it in smaller parts");
  }
  octets_ += octets;
  if (!spool_) spool_.reset(open_spool());
  if (!spool_) return unusable(errno);
  bool written = std::fwrite(&head, sizeof head, 1, spool_.get()) == 1;
  for (const auto& part : parts) {
    written = written && (part.empty() || std::fwrite(part.data(), part.size(), 1, spool_.get()) == 1);
  }
  if (!written) return unusable(errno);
  ++files_;
  return Done{};
}

Result<Done> Upload::each(const std::function<Result<Done>(Found)>& visit) {
  if (files_ == 0) return Done{};
  if (std::fflush(spool_.get()) != 0) return unusable(errno);
  std::rewind(spool_.get());
  for (std::size_t i = 0; i < files_; ++i) {
    Head head;
    std::array<Bytes, 3> parts;
    bool read = std::fread(&head, sizeof head, 1, spool_.get()) == 1;
    for (std::size_t at = 0; read && at < parts.size(); ++at) {
      parts[at].resize(head.sizes[at]);
      read = parts[at].empty() || std::fread(parts[at].data(), parts[at].size(), 1, spool_.get()) == 1;
    }
    if (!read) return unusable(errno);
    auto visited = visit(found_of(head.kind, parts));
    if (!visited) return visited;
  }
  return Done{};
}

void Upload::clear() {
  spool_.reset();
  files_ = 0;
  space_->give_back(std::exchange(octets_, 0));
}

}  // namespace sealroom::daemon
