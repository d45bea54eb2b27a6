#include <fmt/format.h>

#include "methods.hpp"
#include "parameters.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/backup.hpp"
#include "sealroom/issuance/clock_check.hpp"
#include "sealroom/issuance/keys.hpp"
#include "sealroom/issuance/recovery.hpp"
#include "sealroom/issuance/told_by_log.hpp"
#include "sealroom/issuance/verification.hpp"
#include "sealroom/x509/name.hpp"
#include "sealroom/x509/pem.hpp"

// Methods that only look: on the reading desk, never waiting for a token.
namespace sealroom::daemon {
namespace {

Json json_of(const Certificate& certificate) {
  Json json{{"subject", printable_name(certificate.subject())},
            {"issuer", printable_name(certificate.issuer())},
            {"serial", certificate.serial_hex()},
            {"not_before", to_rfc3339(certificate.not_before())},
            {"not_after", to_rfc3339(certificate.not_after())},
            {"key", certificate.key().description()},
            {"sha256", to_hex(certificate.digest())}};
  return json;
}

Json json_of(const CertificateRow& row) {
  return {{"id", row.id},
          {"batch", row.batch},
          {"issuer", row.issuer},
          {"profile", row.profile},
          {"name", row.name},
          {"serial", to_upper_hex(row.serial)},
          {"subject", printable_name(row.subject)},
          {"not_before", to_rfc3339(row.not_before)},
          {"not_after", to_rfc3339(row.not_after)},
          {"state", name_of(row.state)},
          {"reason", row.reason},
          {"request_sha256", to_hex(row.request_digest)},
          {"entry", row.entry}};
}

Json json_of(const Daemon& daemon, const KeyState& state, const std::optional<KeyRow>& key) {
  Json json{{"owner", state.owner},
            {"uri", state.uri},
            {"present", state.token.has_value()},
            {"trouble", state.trouble},
            {"unlocked", state.unlocked},
            {"usable", state.usable},
            {"compared", state.compared},
            {"unknown_keys", Json::array()}};
  for (const auto& stored : state.stored) {
    if (stored.standing == KeyStanding::Unknown) json["unknown_keys"].push_back(daemon::json_of(stored));
  }
  if (state.token) {
    json["token"] = {{"label", state.token->label},
                     {"serial", state.token->serial},
                     {"model", state.token->model},
                     {"pin_count_low", state.token->pin_count_low},
                     {"pin_final_try", state.token->pin_final_try},
                     {"pin_locked", state.token->pin_locked}};
    const auto pin = daemon.configuration.trial_pins().find(state.token->label);
    if (pin != daemon.configuration.trial_pins().end()) json["trial_pin_file"] = daemon.home + "/" + pin->second;
  }
  if (key) {
    json["key"] = {{"public_key_sha256", to_hex(sha256(key->public_key))}, {"created", to_rfc3339(key->created)}};
    if (auto parsed = PublicKey::parse(key->public_key)) json["key"]["algorithm"] = parsed->description();
  }
  return json;
}

Result<Json> issuer_json(const Daemon& daemon, const std::string& name) {
  auto row = issuer_row(daemon.reading, name);
  if (!row) return pass_on(row);
  Json json{{"issuer", name}, {"state", row->state}, {"profiles", Json::array()}, {"chain", Json::array()}};
  for (const auto& [profile, settings] : daemon.configuration.issuer(name)->profiles) {
    json["profiles"].push_back({{"profile", profile},
                                {"section", settings.section},
                                {"purpose", name_of(settings.purpose)},
                                {"days", settings.days},
                                {"maximum_days", settings.maximum_days}});
  }
  for (const auto& der : row->chain) {
    auto certificate = Certificate::parse(der);
    if (!certificate) return pass_on(certificate, name);
    json["chain"].push_back(json_of(*certificate));
  }
  return json;
}

void say_what_waits(Json& attention, const std::string& what, const std::string& act) {
  attention.push_back({{"what", what}, {"do", act}});
}

Result<Json> attention_of(const Daemon& daemon, const Json& keys, const Unaccounted& open) {
  Json attention = Json::array();
  for (const auto& key : keys) {
    const auto owner = key.at("owner").get<std::string>();
    const auto trouble = key.at("trouble").get<std::string>();
    if (!trouble.empty())
      say_what_waits(attention, fmt::format("the token of {} cannot be used: {}", owner, trouble), "insert it");
    if (!key.contains("key"))
      say_what_waits(attention, fmt::format("{} has no key", owner), "sealroom ceremony run SCRIPT");
    for (const auto& unknown : key.at("unknown_keys")) {
      say_what_waits(
          attention,
          fmt::format("the token of {} holds a private key \"{}\" (id {}) that nobody has decided about: it "
                      "signs nothing",
                      owner, unknown.at("label").get<std::string>(), unknown.at("key_id").get<std::string>()),
          "sealroom key list; then sealroom key adopt, destroy or foreign");
    }
  }
  if (!open.suspects.empty()) {
    say_what_waits(attention,
                   fmt::format("{} certificate(s) of batch {} were started and have no outcome: nothing else is signed",
                               open.suspects.size(), open.suspects.front().batch),
                   "sealroom recover");
  }
  for (const auto& intent : open.keys) {
    const auto what = intent.act == KeyAct::Request
                          ? fmt::format("the request of {} was being signed when the daemon ended", intent.owner)
                          : fmt::format(
                                "the key of {} was being generated when the daemon ended; token {} may hold a pair "
                                "labelled {} that the ledger does not know",
                                intent.owner, intent.token_serial, intent.label);
    say_what_waits(attention, what, "sealroom recover");
  }
  for (const auto& intent : open.destructions) {
    say_what_waits(attention,
                   fmt::format("key \"{}\" on token {} was being destroyed when the daemon ended", intent.label,
                               intent.token_serial),
                   fmt::format("sealroom unlock {}, which sees what is left", intent.owner));
  }
  auto restored = last_restore(daemon.reading);
  if (!restored) return pass_on(restored);
  if (*restored && !open.gaps.empty()) {
    say_what_waits(attention,
                   fmt::format("this ledger was restored from backup {} of {} entries: what came after the {} entries "
                               "that it has is not here",
                               (*restored)->backup, (*restored)->size, (*restored)->log_size),
                   "stop the daemon and bring later exports: sealroom restore --export DIR");
  }
  for (const auto& gap : open.gaps) {
    say_what_waits(attention,
                   fmt::format("{} remembers {} entries of a log that this ledger does not continue: nothing is signed",
                               who_remembers(gap), gap.anchor.size),
                   "restore the newest backup, or sealroom recover --accept-gap");
  }
  auto planned = daemon.reading.planned();
  if (!planned) return pass_on(planned);
  for (const auto& [batch, count] : *planned) {
    say_what_waits(attention, fmt::format("batch {} has {} planned certificate(s)", batch, count),
                   "sealroom sign " + batch);
  }
  return attention;
}

// The part of the status that the ledger and the tokens know.
Result<Json> kept_by_ledger(Daemon& daemon) {
  auto size = daemon.reading.log_size();
  if (!size) return pass_on(size);
  auto root = daemon.reading.root(*size);
  if (!root) return pass_on(root);
  auto covered = daemon.reading.newest_checkpoint();
  if (!covered) return pass_on(covered);
  Json answer{{"keys", Json::array()},
              {"issuers", Json::array()},
              {"log",
               {{"origin", daemon.configuration.log_origin()},
                {"size", *size},
                {"root", to_hex(*root)},
                {"checkpoint_size", *covered ? (*covered)->size : 0}}}};
  for (const auto& state : daemon.keys.states()) {
    auto key = daemon.reading.key(state.owner);
    if (!key) return pass_on(key);
    answer["keys"].push_back(json_of(daemon, state, *key));
  }
  for (const auto& [name, settings] : daemon.configuration.issuers()) {
    auto issuer = issuer_json(daemon, name);
    if (!issuer) return pass_on(issuer);
    answer["issuers"].push_back(std::move(*issuer));
  }
  auto backup = last_backup(daemon.reading);
  if (!backup) return pass_on(backup);
  if (*backup) {
    const auto age = std::max(std::chrono::seconds{0}, daemon.clock.now() - (*backup)->time);
    answer["backup"] = {{"name", (*backup)->name}, {"time", to_rfc3339((*backup)->time)}, {"age_seconds", age.count()}};
  } else {
    answer["backup"] = nullptr;
  }
  auto open = unaccounted(daemon.reading, daemon.configuration);
  if (!open) return pass_on(open);
  answer["started"] = open->suspects.size();
  answer["gaps"] = open->gaps.size();
  auto verification = newest_verification(daemon.reading);
  if (!verification) return pass_on(verification);
  if (*verification) {
    answer["verified"] = {{"time", to_rfc3339((*verification)->time)},
                          {"size", (*verification)->size},
                          {"trouble", (*verification)->trouble}};
  }
  auto doubt = doubt_about_clock(daemon.reading, daemon.clock);
  if (!doubt) return pass_on(doubt);
  answer["clock_doubt"] = *doubt;
  auto attention = attention_of(daemon, answer["keys"], *open);
  if (!attention) return pass_on(attention);
  if (!doubt->empty()) say_what_waits(*attention, "the time must be confirmed: " + *doubt, "sealroom unlock --all");
  answer["attention"] = std::move(*attention);
  return answer;
}

Result<std::uint64_t> page_size(Parameters& parameters) {
  const auto most = parameters.number("most");
  return std::min<std::uint64_t>(most.value_or(kPage), kPage);
}

}  // namespace

Result<Json> status(Daemon& daemon, Request& request) {
  Parameters parameters(request.parameters);
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto trouble = daemon.trouble();
  if (!trouble) {
    auto possible = clock_is_not_behind(daemon.reading, daemon.clock);
    if (!possible) trouble = possible.error();
  }
  Json answer{{"format", "sealroom-status/1"},
              {"version", SEALROOM_VERSION},
              {"home", printable(daemon.home)},
              {"time", to_rfc3339(daemon.clock.now())},
              {"role", name_of(request.role)},
              {"module", {{"path", daemon.keys.module().path()}, {"description", daemon.keys.module().description()}}},
              {"configuration_sha256", to_hex(daemon.configuration.digest())},
              {"trial", !daemon.configuration.trial_pins().empty()},
              {"integrity", trouble ? trouble->message : ""}};
  auto kept = kept_by_ledger(daemon);
  if (kept) {
    answer.update(*kept);
  } else if (daemon.trouble()) {
    answer.update({{"keys", Json::array()},
                   {"issuers", Json::array()},
                   {"backup", nullptr},
                   {"started", 0},
                   {"gaps", 0},
                   {"clock_doubt", ""},
                   {"attention", Json::array()}});
  } else {
    return pass_on(kept);
  }
  if (trouble) {
    Json first{{"what", "nothing can be recorded, so nothing is signed: " + trouble->message}, {"do", trouble->hint}};
    answer["attention"].insert(answer["attention"].begin(), std::move(first));
  }
  return answer;
}

Json json_of(const StoredKey& stored) {
  const auto& key = stored.key;
  return {{"label", key.label},
          {"key_id", to_hex(key.key_id)},
          {"algorithm", key.algorithm},
          {"public_key_sha256", key.public_key ? to_hex(key.public_key->digest()) : ""},
          {"standing", name_of(stored.standing)},
          {"owner", stored.owner}};
}

Result<Json> key_list(Daemon& daemon, Request& request) {
  auto understood = Parameters(request.parameters).done();
  if (!understood) return pass_on(understood);
  Json tokens = Json::array();
  for (const auto& state : daemon.keys.states()) {
    Json token{{"owner", state.owner},
               {"unlocked", state.unlocked},
               {"token_label", state.token ? state.token->label : ""},
               {"token_serial", state.token ? state.token->serial : ""},
               {"keys", Json::array()}};
    for (const auto& stored : state.stored) token["keys"].push_back(daemon::json_of(stored));
    tokens.push_back(std::move(token));
  }
  return Json{{"format", "sealroom-keys/1"}, {"tokens", std::move(tokens)}};
}

Result<Json> issuer_list(Daemon& daemon, Request& request) {
  auto understood = Parameters(request.parameters).done();
  if (!understood) return pass_on(understood);
  Json issuers = Json::array();
  for (const auto& [name, settings] : daemon.configuration.issuers()) {
    auto issuer = issuer_json(daemon, name);
    if (!issuer) return pass_on(issuer);
    issuers.push_back(std::move(*issuer));
  }
  return Json{{"format", "sealroom-issuers/1"}, {"issuers", std::move(issuers)}};
}

Result<Json> issuer_show(Daemon& daemon, Request& request) {
  Parameters parameters(request.parameters);
  const auto name = parameters.text("issuer");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  const auto* settings = daemon.configuration.issuer(name);
  if (settings == nullptr) {
    return fail(ErrorKind::Usage, fmt::format("there is no issuer \"{}\"", printable(name)),
                "see `sealroom issuer list`");
  }
  auto issuer = issuer_json(daemon, name);
  if (!issuer) return pass_on(issuer);
  auto row = issuer_row(daemon.reading, name);
  if (!row) return pass_on(row);
  Json& answer = *issuer;
  answer["format"] = "sealroom-issuer/1";
  answer["configuration"] = settings->config.file();
  answer["kept_by_ledger"] = settings->config.kept_by_ledger();
  answer["private_key"] = settings->config.private_key();
  std::string pem;
  for (const auto& der : row->chain) pem += to_pem(kCertificatePem, der);
  answer["chain_pem"] = pem;
  answer["request_pem"] = row->request.empty() ? "" : to_pem("CERTIFICATE REQUEST", row->request);
  auto key = daemon.reading.key(name);
  if (!key) return pass_on(key);
  if (*key) {
    auto evidence = parse_json((*key)->evidence, "evidence");
    if (!evidence) return pass_on(evidence);
    answer["key"] = {{"uri", (*key)->uri},
                     {"token_label", (*key)->token_label},
                     {"token_serial", (*key)->token_serial},
                     {"key_id", to_hex((*key)->key_id)},
                     {"public_key_sha256", to_hex(sha256((*key)->public_key))},
                     {"created", to_rfc3339((*key)->created)},
                     {"evidence", std::move(*evidence)}};
  }
  return issuer;
}

Result<Json> certificate_list(Daemon& daemon, Request& request) {
  Parameters parameters(request.parameters);
  const auto issuer = parameters.text_or("issuer", "");
  const auto after = parameters.number("after").value_or(0);
  auto most = page_size(parameters);
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto rows = daemon.reading.issued(issuer, static_cast<std::int64_t>(after), *most);
  if (!rows) return pass_on(rows);
  Json answer{{"format", "sealroom-certificates/1"}, {"certificates", Json::array()}, {"more", rows->size() == *most}};
  for (const auto& row : *rows) {
    auto agrees = agrees_with_log(daemon.reading, row);
    if (!agrees) return pass_on(agrees);
    answer["certificates"].push_back(json_of(row));
  }
  return answer;
}

Result<Json> certificate_show(Daemon& daemon, Request& request) {
  Parameters parameters(request.parameters);
  const auto serial = parameters.text("serial");
  const auto issuer = parameters.text_or("issuer", "");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  const auto octets = from_hex(serial);
  if (!octets || octets->empty()) {
    return fail(ErrorKind::Usage, fmt::format("\"{}\" is not a serial in hexadecimal digits", printable(serial)));
  }
  auto row = daemon.reading.by_serial(issuer, *octets);
  if (!row) return pass_on(row);
  if (!*row) {
    return fail(ErrorKind::Failed, fmt::format("the ledger has no certificate with serial {}", printable(serial)),
                "see `sealroom certificate list`");
  }
  auto agrees = agrees_with_log(daemon.reading, **row);
  if (!agrees) return pass_on(agrees);
  Json answer = json_of(**row);
  answer["format"] = "sealroom-certificate/1";
  if ((*row)->state != CertificateState::Issued) return answer;
  auto issued = IssuedCertificate::read(daemon.reading, **row);
  if (!issued) return pass_on(issued);
  answer["sha256"] = to_hex(issued->certificate().digest());
  answer["key"] = issued->certificate().key().description();
  answer["pem"] = to_pem(kCertificatePem, issued->certificate().der());
  return answer;
}

}  // namespace sealroom::daemon
