#pragma once

#include <memory>
#include <set>

#include "sealroom/keystore/octet_stream.hpp"
#include "sealroom/keystore/pkcs12.hpp"
#include "sealroom/keystore/store.hpp"

namespace sealroom {

// Where the salts of a PKCS#12 truststore come from. FromContent makes the same store of the same entries and password:
// salts are SHA-256 over the certificates in it, so they still differ from store to store. JKS truststores have none.
enum class Salts { Random, FromContent };

// TruststoreWriter makes one truststore of certificates, entry after entry. It takes no private key in any form.
class TruststoreWriter {
 public:
  // A store of exactly `count` entries into `sink`, which must outlive the writer. JKS goes out as it is made; PKCS#12,
  // whose lengths stand in front, at the end. Errors (Usage): a type that is not written, an empty password or one that
  // the type cannot take.
  static Result<std::unique_ptr<TruststoreWriter>> begin(StoreType type, OctetSink& sink, std::size_t count,
                                                         const Secret& password, Salts salts = Salts::Random,
                                                         int iterations = kTruststoreIterations);
  virtual ~TruststoreWriter() = default;

  // Errors (Usage): an alias that store_alias refuses or that is taken; (Failed) the sink's.
  Result<Done> add(const TrustEntry& entry);

  // Writes an entry of another store of the same type as it stands there, octet for octet. Errors (Failed): a private
  // key, an alias that is taken; the sink's.
  Result<Done> keep(const StoreEntry& entry);

  // Ends the store; to be called once, after `count` entries.
  virtual Result<Done> finish() = 0;

 protected:
  TruststoreWriter() = default;

 private:
  virtual Result<Done> put(const TrustEntry& entry) = 0;  // with its alias as written
  virtual Result<Done> put_octets(ByteView entry) = 0;
  Result<Done> take_alias(const std::string& alias);

  std::set<std::string> aliases_;
};

}  // namespace sealroom
