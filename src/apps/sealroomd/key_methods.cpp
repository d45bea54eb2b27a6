#include <fcntl.h>

#include <algorithm>

#include <fmt/format.h>

#include "methods.hpp"
#include "parameters.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/keys.hpp"
#include "sealroom/issuance/log_key.hpp"
#include "sealroom/x509/pem.hpp"

// Methods about tokens, keys and CA certificates: on the writing desk.
namespace sealroom::daemon {
namespace {

constexpr std::size_t kLongestName = 1000;
constexpr std::size_t kLongestReason = 1000;

Json json_of(const ActDone& done) {
  Json outcome = Json::object();
  for (const auto& [name, value] : done.outcome) outcome[name] = value;
  return {{"repeated", done.repeated}, {"outcome", std::move(outcome)}};
}

// A PIN comes as the read end of a pipe that is written already: a client that stalls must not stall the desk.
Result<Secret> pin_of(Request& request, const std::string& owner) {
  if (request.descriptors.size() != 1) {
    return fail(ErrorKind::Usage, "the PIN must come as one descriptor beside the call");
  }
  const int fd = request.descriptors.front().get();
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
    return fail(ErrorKind::Usage, "the PIN's descriptor cannot be used");
  return Secret::read(fd, fmt::format("PIN for {}", owner));
}

Result<Done> check_issuer(const Daemon& daemon, const std::string& name) {
  if (daemon.configuration.issuer(name) != nullptr) return Done{};
  return fail(ErrorKind::Usage, fmt::format("there is no issuer \"{}\" in sealroom.yaml", printable(name)),
              "see `sealroom issuer list`");
}

Result<Json> answer(Result<ActDone> done) {
  if (!done) return pass_on(done);
  return json_of(*done);
}

Json unknown_keys(const Daemon& daemon, const std::string& owner) {
  Json keys = Json::array();
  for (const auto& stored : daemon.keys.stored(owner)) {
    if (stored.standing == KeyStanding::Unknown) keys.push_back(daemon::json_of(stored));
  }
  return keys;
}

// What is the same in all decisions about a key.
Result<Json> decide_about_key(const Daemon& daemon, Request& request, const Work& work,
                              Result<ActDone> (*decide)(const Work&, const KeyChoice&)) {
  Parameters parameters(request.parameters);
  const KeyChoice choice{.owner = parameters.text("owner"),
                         .key = parameters.text_or("key", "", kLongestName),
                         .confirmed = parameters.text_or("confirmed", "", kLongestName),
                         .reason = parameters.text_or("reason", "", kLongestReason)};
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto known = daemon.keys.uri_of(choice.owner);
  if (!known) return pass_on(known);
  return answer(decide(work, choice));
}

}  // namespace

Result<Json> unlock_token(Daemon& daemon, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto owner = parameters.text("owner");
  const bool accept = parameters.flag("accept_final_try");
  const bool key_work = parameters.flag("key_work");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto known = daemon.keys.uri_of(owner);
  if (!known) return pass_on(known);
  if (daemon.keys.unlocked(owner))
    return Json{{"owner", owner}, {"already", true}, {"unknown_keys", unknown_keys(daemon, owner)}};
  auto pin = pin_of(request, owner);
  if (!pin) return pass_on(pin);
  auto unlocked = unlock(work, owner, *pin, accept ? FinalTry::Accept : FinalTry::Refuse,
                         key_work ? UnlockFor::KeyWork : UnlockFor::Signing);
  if (!unlocked) return pass_on(unlocked);
  if (owner == kLogOwner || daemon.keys.unlocked(kLogOwner)) {
    auto covered = checkpoint_if_unlocked(work);
    if (!covered) return pass_on(covered);
  }
  return Json{{"owner", owner}, {"already", false}, {"unknown_keys", unknown_keys(daemon, owner)}};
}

Result<Json> lock_token(Daemon& daemon, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto owner = parameters.text_or("owner", "");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  Json locked = Json::array();
  for (const auto& name : owner.empty() ? daemon.keys.owners() : std::vector{owner}) {
    const bool was = daemon.keys.unlocked(name);
    auto done = sealroom::lock(work, name, "asked");
    if (!done) return pass_on(done);
    if (was) locked.push_back(name);
  }
  return Json{{"locked", std::move(locked)}};
}

Result<Json> generate_issuer_key(Daemon& daemon, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto owner = parameters.text("owner");
  const auto algorithm = parameters.text("algorithm");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto known = daemon.keys.uri_of(owner);
  if (!known) return pass_on(known);
  auto spec = KeySpec::parse(algorithm);
  if (!spec) return pass_on(spec);
  return answer(generate_key(work, owner, *spec));
}

Result<Json> rotate_key_of_log(Daemon&, Request& request, const Work& work) {
  auto understood = Parameters(request.parameters).done();
  if (!understood) return pass_on(understood);
  return answer(rotate_log_key(work));
}

Result<Json> replace_key_of_log(Daemon&, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto reason = parameters.text("reason", kLongestReason);
  const bool accept = parameters.flag("accept_final_try");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto pin = pin_of(request, std::string(kLogOwner));
  if (!pin) return pass_on(pin);
  return answer(replace_log_key(work, *pin, accept ? FinalTry::Accept : FinalTry::Refuse, reason));
}

Result<Json> key_adopt(Daemon& daemon, Request& request, const Work& work) {
  return decide_about_key(daemon, request, work, &adopt_key);
}

Result<Json> key_destroy(Daemon& daemon, Request& request, const Work& work) {
  return decide_about_key(daemon, request, work, &destroy_key);
}

Result<Json> key_foreign(Daemon& daemon, Request& request, const Work& work) {
  return decide_about_key(daemon, request, work, &leave_foreign);
}

Result<Json> self_sign_issuer(Daemon& daemon, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto issuer = parameters.text("issuer");
  const auto profile = parameters.text("profile");
  const auto days = parameters.number("days").value_or(0);
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto known = check_issuer(daemon, issuer);
  if (!known) return pass_on(known);
  return answer(self_sign(work, issuer, profile, static_cast<int>(std::min<std::uint64_t>(days, 100'000))));
}

Result<Json> request_issuer(Daemon& daemon, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto issuer = parameters.text("issuer");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto known = check_issuer(daemon, issuer);
  if (!known) return pass_on(known);
  auto der = request_certificate(work, issuer);
  if (!der) return pass_on(der);
  return Json{{"issuer", issuer}, {"sha256", to_hex(sha256(*der))}, {"pem", to_pem("CERTIFICATE REQUEST", *der)}};
}

Result<Json> issue_issuer(Daemon& daemon, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto issuer = parameters.text("issuer");
  const auto subject = parameters.text("subject");
  const auto profile = parameters.text("profile");
  const auto days = parameters.number("days").value_or(0);
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  for (const auto& name : {issuer, subject}) {
    auto known = check_issuer(daemon, name);
    if (!known) return pass_on(known);
  }
  return answer(issue_for(work, issuer, subject, profile, static_cast<int>(std::min<std::uint64_t>(days, 100'000))));
}

Result<Json> install_issuer(Daemon& daemon, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto issuer = parameters.text("issuer");
  const auto pem = parameters.text_or("chain_pem", "");
  const auto confirmed = parameters.text_or("fingerprint", "");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto known = check_issuer(daemon, issuer);
  if (!known) return pass_on(known);
  if (pem.empty()) {
    auto chain = chain_issued_here(work, issuer);
    if (!chain) return pass_on(chain);
    return answer(install_chain(work, issuer, *chain, confirmed));
  }
  auto ders = read_certificates(as_bytes(pem), "the chain");
  if (!ders) return pass_on(ders);
  std::vector<Certificate> chain;
  for (const auto& der : *ders) {
    auto certificate = Certificate::parse(der);
    if (!certificate) return pass_on(certificate, "the chain");
    chain.push_back(std::move(*certificate));
  }
  return answer(install_chain(work, issuer, chain, confirmed));
}

}  // namespace sealroom::daemon
