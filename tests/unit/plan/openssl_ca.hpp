#pragma once

#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "plan_fixture.hpp"
#include "sealroom/x509/pem.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

// The other side of the promise of parity: OpenSSL's programs, with a copy of the same configuration.
namespace sealroom::testing {

inline std::string openssl_time(Instant instant) {
  std::string text = to_rfc3339(instant);
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'T'; });
  return text;
}

inline std::string text_of(const Certificate& certificate) {
  const OwnedBio out(BIO_new(BIO_s_mem()));
  X509_print(out.get(), certificate.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

// One `openssl ca` in a directory of its own, with a copy of a configuration that names this directory.
class OpensslCa {
 public:
  OpensslCa(const IssuerConfig& config, const Certificate* issuer, EVP_PKEY* key) {
    auto text = config.text();
    const auto at = text.find("\ndir ");
    text.replace(at, text.find('\n', at + 1) - at, "\ndir = " + home_.path());
    home_.write("ca.cnf", text);
    home_.write("key.pem", private_key_pem(key));
    home_.write("newcerts/.keep", "");
    if (issuer != nullptr) home_.write("issuer.pem", to_pem("CERTIFICATE", issuer->der()));
  }

  // What `openssl ca` makes with the serial and dates of `planned`; the test fails when it makes nothing.
  Certificate issue(const Bytes& request, const std::string& section, const PlannedCertificate& planned) {
    const auto& validity = planned.validity();
    return run_ca(request, section, planned.serial(),
                  {"-startdate", openssl_time(validity.not_before), "-enddate", openssl_time(validity.not_after)});
  }

  // The same from now on; for so many days (`-days`), or default_days when there are none.
  Certificate issue_from_now(const Bytes& request, const std::string& section, const Serial& serial,
                             std::optional<int> days) {
    if (!days) return run_ca(request, section, serial, {});
    return run_ca(request, section, serial, {"-days", std::to_string(*days)});
  }

  // Whether `openssl ca` issues at all, with `index` as the database of what it issued before.
  bool accepts(const Bytes& request, const std::string& section, const std::string& index = {}) {
    prepare(request, serial_of(1), index);
    return run_program(ca_command(section, {}), {.directory = home_.path()}).exit_code == 0 &&
           !home_.read("out.pem").empty();
  }

  Certificate self_sign(int days, const Serial& serial) {
    return run({"openssl", "req", "-x509", "-new", "-config", "ca.cnf", "-key", "key.pem", "-days",
                std::to_string(days), "-set_serial", "0x" + to_upper_hex(serial), "-out", "out.pem"});
  }

 private:
  void prepare(const Bytes& request, const Serial& serial, const std::string& index) {
    home_.write("request.pem", request_pem(request));
    home_.write("index.txt", index);
    home_.write("serial.txt", to_upper_hex(serial) + "\n");
    home_.write("out.pem", "");
  }

  static std::vector<std::string> ca_command(const std::string& section, const std::vector<std::string>& dates) {
    std::vector<std::string> argv{"openssl",  "ca",          "-batch", "-notext",    "-config",     "ca.cnf",
                                  "-keyfile", "key.pem",     "-cert",  "issuer.pem", "-extensions", section,
                                  "-in",      "request.pem", "-out",   "out.pem"};
    argv.insert(argv.end(), dates.begin(), dates.end());
    return argv;
  }

  Certificate run_ca(const Bytes& request, const std::string& section, const Serial& serial,
                     const std::vector<std::string>& dates) {
    prepare(request, serial, "");
    return run(ca_command(section, dates));
  }

  Certificate run(const std::vector<std::string>& argv) {
    const auto result = run_program(argv, {.directory = home_.path()});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const auto found = read_certificates(as_bytes(home_.read("out.pem")), "out.pem");
    REQUIRE(found);
    return Certificate::parse(found->at(0)).value();
  }

  TemporaryDirectory home_;
};

inline void check_equal(const Certificate& ours, const Certificate& theirs) {
  INFO("ours:\n" << text_of(ours) << "theirs:\n" << text_of(theirs));
  CHECK(to_hex(ours.to_be_signed()) == to_hex(theirs.to_be_signed()));
}

// Issues `request` on both sides and compares.
inline void compare(OpensslCa& openssl, const Bytes& request, const Rules& rules, EVP_PKEY* signer,
                    const Serial& serial, const Wish& wish = {}) {
  const auto planned = plan_for(permit_for(request, rules, wish), serial);
  const auto ours = signed_by(planned, signer);
  check_equal(ours, openssl.issue(request, rules.profile->section_of(ours.key().type()), planned));
  REQUIRE(PublicKey::of(signer));
  CHECK(ours.signed_by(*PublicKey::of(signer)));
}

// The same for an issuer's own certificate. `openssl req` knows no start date, so ours takes its dates from there.
inline void compare_own(OpensslCa& openssl, const Bytes& request, const Rules& rules, const Serial& serial) {
  const auto theirs = openssl.self_sign(rules.profile->days, serial);
  const Wish wish{.days = {}, .not_before = theirs.not_before(), .not_after = theirs.not_after()};
  const auto planned = plan_for(permit_for(request, rules, wish, theirs.not_before()), serial);
  CHECK(to_hex(planned.to_be_signed()) == to_hex(theirs.to_be_signed()));
}

}  // namespace sealroom::testing
