#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "sealroom/base/error.hpp"
#include "sealroom/base/json.hpp"
#include "sealroom/base/time.hpp"

namespace sealroom::daemon {

// Parameters reads the members of a call strictly: each has its type, and whatever nobody asked for is an error.
// The first trouble is kept, and done() says it.
class Parameters {
 public:
  explicit Parameters(const Json& members) : members_(members) {}

  std::string text(const char* name, std::size_t most = std::string::npos);  // required, of at most so many octets
  std::string text_or(const char* name, std::string_view otherwise, std::size_t most = std::string::npos);
  std::optional<std::uint64_t> number(const char* name);  // optional
  bool flag(const char* name);                            // optional, false
  std::optional<Instant> moment(const char* name);        // optional, RFC 3339
  const Json* list(const char* name);                     // required array

  // Error (Usage) for the first member that is missing, of a wrong type, or unknown.
  Result<Done> done() const;

 private:
  const Json* take(const char* name);
  void complain(const char* name, std::string_view what);

  const Json& members_;
  std::set<std::string> asked_;
  std::string trouble_;
};

}  // namespace sealroom::daemon
