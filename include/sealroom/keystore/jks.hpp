#pragma once

#include <memory>
#include <optional>

#include "sealroom/keystore/octet_stream.hpp"
#include "sealroom/keystore/store.hpp"

namespace sealroom {

// JKS version 2 (magic FEEDFEED), octet by octet as sun.security.provider.JavaKeyStore reads it: a keystore with one
// entry. Passwords are UTF-8. The key gets a fresh salt; all else follows from the arguments. Errors (Usage): an alias
// that store_alias refuses, an empty password or one that is not UTF-8, no key or no chain.
Result<Bytes> write_jks(const KeyEntry& entry, const Secret& store_password, const Secret& entry_password);

// JksReader hands out the entries of a JKS file one after the other, and holds no more than one.
class JksReader {
 public:
  // `source` must outlive the reader. `store_password` may be empty: then nothing proves the integrity. Errors (Failed):
  // not JKS, cut short, a version that is not known; (Usage) a password that is not UTF-8.
  static Result<JksReader> open(OctetSource& source, const Secret& store_password);

  JksReader(JksReader&&) noexcept;
  JksReader& operator=(JksReader&&) = delete;
  ~JksReader();

  // The next entry; nothing behind the last, when the digest is right (or no password was given) and nothing stands
  // behind it. Errors (Failed): damaged, cut short, wrong password; not to be called again after one.
  Result<std::optional<StoreEntry>> next();

 private:
  class State;
  explicit JksReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sealroom
