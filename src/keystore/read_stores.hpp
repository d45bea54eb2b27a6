#pragma once

#include "sealroom/keystore/store.hpp"

namespace sealroom {

// read_store() for one type each.
Result<StoreContents> read_jks(ByteView octets, const Secret& store_password);
Result<StoreContents> read_pkcs12(ByteView octets, const Secret& store_password, long iterations);

}  // namespace sealroom
