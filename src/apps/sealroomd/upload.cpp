#include "upload.hpp"

#include <utility>

namespace sealroom::daemon {
namespace {

std::size_t size_of(const Submission& file) { return file.path.size() + file.octets.size(); }
std::size_t size_of(const UnreadableFile& file) { return file.path.size() + file.id.size() + file.detail.size(); }
std::size_t size_of(const IgnoredFile& file) { return file.path.size() + file.reason.size(); }

}  // namespace

bool UploadSpace::take(std::size_t octets) {
  if ((used_ += octets) <= kOctets) return true;
  used_ -= octets;
  return false;
}

Upload::Upload(Upload&& other) noexcept
    : space_(other.space_), files_(std::exchange(other.files_, {})), octets_(std::exchange(other.octets_, 0)) {}

Upload& Upload::operator=(Upload&& other) noexcept {
  if (this == &other) return *this;
  clear();
  space_ = other.space_;
  files_ = std::exchange(other.files_, {});
  octets_ = std::exchange(other.octets_, 0);
  return *this;
}

bool Upload::add(Found file) {
  const auto octets = sizeof file + std::visit([](const auto& found) { return size_of(found); }, file);
  if (!space_->take(octets)) return false;
  octets_ += octets;
  files_.push_back(std::move(file));
  return true;
}

void Upload::clear() {
  files_ = {};
  space_->give_back(std::exchange(octets_, 0));
}

}  // namespace sealroom::daemon
