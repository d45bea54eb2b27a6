#include <catch2/catch.hpp>

#include "request_outcome.hpp"
#include "support/openssl_requests.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

const Bytes& good_request() {
  static const Bytes der = make_request();
  return der;
}

std::string good_pem() { return request_pem(good_request()); }

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

std::string in_utf_16(std::string_view text, bool little_endian) {
  std::string out;
  for (const char c : text) out += little_endian ? std::string{c, '\0'} : std::string{'\0', c};
  return out;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  text.replace(text.find(what), what.size(), by);
  return text;
}

}  // namespace

TEST_CASE("a request in DER or in any usual PEM form is read to the same octets") {
  const std::string pem = good_pem();
  const std::string variant = GENERATE_COPY(
      std::string(as_text(good_request())), pem, request_pem(good_request(), "NEW CERTIFICATE REQUEST"), with_crlf(pem),
      "\xef\xbb\xbf" + pem, "Certificate Request:\n    Data:\n        Version: 1 (0x0)\n" + pem,
      "0 is how this text begins\n" + pem, pem + "\ntext behind it\n", pem.substr(0, pem.size() - 1),
      replaced(pem, "REQUEST-----\n", "REQUEST-----  \t\n"), replaced(pem, "REQUEST-----\n", "REQUEST-----\n\n"),
      "it says -----BEGIN CERTIFICATE----- in the middle of a line\n" + pem);
  const auto parsed = ParsedRequest::parse(as_bytes(variant), {});
  REQUIRE(parsed);
  CHECK(parsed->der() == good_request());
  CHECK(refused_with(variant).empty());
}

TEST_CASE("an empty or blank file is refused as empty") {
  CHECK(refused_with("") == Ids{"request.empty"});
  CHECK(refused_with(" \r\n\t\n") == Ids{"request.empty"});
  CHECK(refused_with("\xef\xbb\xbf\n") == Ids{"request.empty"});
}

TEST_CASE("the limit on the size of the file is exact") {
  RequestLimits limits;
  limits.octets = good_request().size();
  CHECK(refused_with(good_request(), limits).empty());
  limits.octets -= 1;
  CHECK(refused_with(good_request(), limits) == Ids{"request.too-large"});
}

TEST_CASE("a file that is neither PEM nor DER is refused") {
  CHECK(refused_with("hello\n") == Ids{"request.not-pem-or-der"});
  CHECK(refused_with("----BEGIN CERTIFICATE REQUEST----\nMIIB\n") == Ids{"request.not-pem-or-der"});
  CHECK(refused_with("  " + good_pem().substr(0, 40)) == Ids{"request.not-pem-or-der"});
}

TEST_CASE("UTF-16 is named as such, with and without its mark") {
  const std::string pem = good_pem();
  CHECK(refused_with("\xff\xfe" + in_utf_16(pem, true)) == Ids{"request.utf-16"});
  CHECK(refused_with("\xfe\xff" + in_utf_16(pem, false)) == Ids{"request.utf-16"});
  CHECK(refused_with(in_utf_16(pem, true)) == Ids{"request.utf-16"});
  CHECK(refused_with(in_utf_16(pem, false)) == Ids{"request.utf-16"});
}

TEST_CASE("BEGIN and END lines that do not belong together are refused") {
  const std::string pem = good_pem();
  const std::string bad = GENERATE_COPY(replaced(pem, "END CERTIFICATE REQUEST", "END NEW CERTIFICATE REQUEST"),
                                        replaced(pem, "BEGIN CERTIFICATE REQUEST-----", "BEGIN CERTIFICATE REQUEST---"),
                                        replaced(pem, "END CERTIFICATE REQUEST-----", "END CERTIFICATE REQUEST--"),
                                        pem.substr(0, pem.find("-----END")), pem.substr(pem.find('\n') + 1));
  CHECK(refused_with(bad) == Ids{"request.pem-header"});
}

TEST_CASE("a PEM block of another kind is refused by its label") {
  CHECK(refused_with(request_pem(good_request(), "CERTIFICATE")) == Ids{"request.pem-label"});
  CHECK(refused_with(request_pem(good_request(), "PUBLIC KEY")) == Ids{"request.pem-label"});
  CHECK(refused_with(request_pem(good_request(), "certificate request")) == Ids{"request.pem-label"});
}

TEST_CASE("PEM that is not base64 throughout is refused") {
  const std::string pem = good_pem();
  const std::size_t inside = pem.find('\n') + 20;
  const auto with = [&](char c) {
    std::string text = pem;
    text[inside] = c;
    return text;
  };
  CHECK(refused_with(with('*')) == Ids{"request.pem-base64"});
  CHECK(refused_with(with('-')) == Ids{"request.pem-base64"});
  CHECK(refused_with(with(' ')) == Ids{"request.pem-base64"});
  CHECK(refused_with(with('=')) == Ids{"request.pem-base64"});
  CHECK(refused_with(with('\0')) == Ids{"request.pem-base64"});
  CHECK(refused_with(replaced(pem, "REQUEST-----\n", "REQUEST-----\nProc-Type: 4,CLEAR\n\n")) ==
        Ids{"request.pem-base64"});
  CHECK(refused_with("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n") ==
        Ids{"request.pem-base64"});
}

TEST_CASE("two blocks in one file are refused, whatever the second one is") {
  const std::string pem = good_pem();
  CHECK(refused_with(pem + pem) == Ids{"request.pem-two-blocks"});
  CHECK(refused_with(pem + request_pem(good_request(), "CERTIFICATE")) ==
        Ids{"request.pem-two-blocks", "request.pem-label"});
}

TEST_CASE("a private key in the file is refused, and nothing of it is repeated") {
  const std::string key = private_key_pem(test_key("ec:P-256"));
  const std::string secret = key.substr(key.find('\n') + 1, 40);
  const std::string file = GENERATE_COPY(good_pem() + key, key + good_pem(), key,
                                         good_pem() + private_key_pem(test_key("ec:P-256"), "password"),
                                         good_pem().substr(0, 200) + "\n" + key.substr(0, key.find("-----END")),
                                         good_pem() + replaced(key, "BEGIN PRIVATE", "BEGIN RSA PRIVATE"));
  CHECK(refused_with(file).contains("request.private-key"));
  CHECK(details_of(as_bytes(file)).find(secret) == std::string::npos);
}

TEST_CASE("a private key is seen wherever its begin line stands") {
  const std::string key = private_key_pem(test_key("ec:P-256"));
  std::string quoted = "> " + key;
  for (auto at = quoted.find('\n'); at + 1 < quoted.size(); at = quoted.find('\n', at + 1)) quoted.insert(at + 1, "> ");
  const std::string file =
      GENERATE_COPY(" " + key + good_pem(), good_pem() + quoted, "the key: " + key + good_pem(), "\t" + key, quoted);
  CAPTURE(file);
  CHECK(refused_with(file).contains("request.private-key"));
}

TEST_CASE("words about a private key are no private key") {
  CHECK(refused_with("The PRIVATE KEY stays where it is.\n-- PRIVATE KEY --\n" + good_pem()) == Ids{});
}

TEST_CASE("a private key in DER is refused as a private key") {
  const OwnedBio out(BIO_new(BIO_s_mem()));
  SECTION("PKCS#8") {
    must(i2d_PKCS8PrivateKey_bio(out.get(), test_key("ec:P-256"), nullptr, nullptr, 0, nullptr, nullptr) == 1, "key");
  }
  SECTION("PKCS#8, encrypted") {
    must(i2d_PKCS8PrivateKey_bio(out.get(), test_key("ec:P-256"), EVP_aes_256_cbc(), "password", 8, nullptr, nullptr) ==
             1,
         "key");
  }
  SECTION("SEC 1") { must(i2d_PrivateKey_bio(out.get(), test_key("ec:P-256")) == 1, "key"); }
  SECTION("PKCS#1") { must(i2d_PrivateKey_bio(out.get(), test_key("rsa:2048")) == 1, "key"); }
  char* octets = nullptr;
  const long size = BIO_get_mem_data(out.get(), &octets);
  const std::string_view der(octets, static_cast<std::size_t>(size));
  CHECK(refused_with(der) == Ids{"request.private-key"});
  CHECK(refused_with(request_pem(copy(as_bytes(der)))) == Ids{"request.private-key"});
}

TEST_CASE("what a file holds reaches a finding only escaped") {
  const std::string label = "\x1b[31mCERT\xff";
  const std::string file = request_pem(good_request(), label);
  CHECK(refused_with(file) == Ids{"request.pem-label"});
  CHECK(details_of(as_bytes(file)).find("\\x1b[31mCERT\\xff") != std::string::npos);
}
