#pragma once

#include <cstddef>
#include <span>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

namespace sealroom {

// Where a store's octets go as they are made, so that a large one need not stand in memory.
class OctetSink {
 public:
  virtual ~OctetSink() = default;
  // Takes all of `octets`. Errors: the sink's own.
  virtual Result<Done> write(ByteView octets) = 0;
};

// Where a store's octets come from.
class OctetSource {
 public:
  virtual ~OctetSource() = default;
  // Fills the front of `out` and returns how much: as much as fits, less only at the end. Errors: the source's own.
  virtual Result<std::size_t> read(std::span<std::uint8_t> out) = 0;
};

// Octets in memory, as a sink and as a source; the source's must outlive it.
class MemorySink final : public OctetSink {
 public:
  Result<Done> write(ByteView octets) override;
  Bytes take() && { return std::move(octets_); }

 private:
  Bytes octets_;
};
class MemorySource final : public OctetSource {
 public:
  explicit MemorySource(ByteView octets) : rest_(octets) {}
  Result<std::size_t> read(std::span<std::uint8_t> out) override;

 private:
  ByteView rest_;
};

}  // namespace sealroom
