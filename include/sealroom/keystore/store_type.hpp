#pragma once

#include <string_view>

#include "sealroom/base/bytes.hpp"

namespace sealroom {

enum class StoreType { Jks, Jceks, Pkcs12, Unknown };

// What `octets` are by their own witness: a file's name says nothing (keytool writes PKCS#12 into what is called .jks).
StoreType store_type(ByteView octets);

// "JKS", "JCEKS", "PKCS#12", "unknown": for people.
std::string_view name_of(StoreType type);

}  // namespace sealroom
