#pragma once

#include <cstdlib>
#include <memory>
#include <utility>

namespace sealroom {

// Once<T> holds a T that can be taken exactly one time; the second take aborts.
//
// A C++ move leaves the old object alive, so a move-only type alone does not stop a second use.
template <class T>
class Once {
 public:
  explicit Once(T value) : value_(std::make_unique<T>(std::move(value))) {}

  const T& operator*() const { return value_ ? *value_ : fail(); }
  const T* operator->() const { return &**this; }

  [[nodiscard]] T take() && {
    if (!value_) std::abort();
    T out = std::move(*value_);
    value_.reset();
    return out;
  }

 private:
  [[noreturn]] static const T& fail() { std::abort(); }
  std::unique_ptr<T> value_;
};

}  // namespace sealroom
