#include <catch2/catch.hpp>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/plan/output_names.hpp"

namespace sealroom {
namespace {

const Digest kRequest = sha256(as_bytes("request"));
const std::string kFallback = "req-" + to_hex(kRequest).substr(0, 16);

OutputNames names_of(const std::vector<std::string>& paths) {
  OutputNames names;
  for (const auto& path : paths) names.add(path);
  return names;
}

std::string name_alone(const std::string& path) { return names_of({path}).name_for(path, kRequest); }

}  // namespace

TEST_CASE("a plain stem is the name") {
  CHECK(name_alone("intermediate/server_cert/broker.csr") == "broker");
  CHECK(name_alone("intermediate/server_cert/broker.example.com.pem") == "broker.example.com");
  CHECK(name_alone("_a-b.1.req") == "_a-b.1");
  CHECK(name_alone(std::string(80, 'a') + ".csr") == std::string(80, 'a'));
  CHECK(name_alone("console.csr") == "console");
  CHECK(name_alone("com10.csr") == "com10");
  CHECK(name_alone("req-broker.csr") == "req-broker");
}

TEST_CASE("any other stem is replaced by the request's hash") {
  for (const auto* stem : {"", "a b", "-a", ".a", "a.", "a\nb", "b\xc3\xbc", "..", "a;b", "CON", "nul", "aux.x", "Com1",
                           "lpt9", "req-0123456789abcdef", "REQ-0123456789ABCDEF"}) {
    CAPTURE(stem);
    CHECK(name_alone("intermediate/server_cert/" + std::string(stem) + ".csr") == kFallback);
  }
  CHECK(name_alone(std::string(81, 'a') + ".csr") == kFallback);
}

TEST_CASE("stems that are equal ignoring case are all replaced, the others stay") {
  const auto names = names_of({"d/a.csr", "d/A.csr", "d/a.pem", "d/b.csr"});
  CHECK(names.name_for("d/a.csr", kRequest) == kFallback);
  CHECK(names.name_for("d/A.csr", kRequest) == kFallback);
  CHECK(names.name_for("d/a.pem", kRequest) == kFallback);
  CHECK(names.name_for("d/b.csr", kRequest) == "b");
}

}  // namespace sealroom
