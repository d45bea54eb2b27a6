#include "bundle.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "bundle_readme.hpp"
#include "key_holders.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/pem.hpp"
#include "secret_text.hpp"
#include "umh_values.hpp"

namespace sealroom::pack {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOpenMode = 0644;
constexpr mode_t kSecretMode = 0600;

// BundleMaker makes one bundle, folder by folder, and collects the findings of all.
class BundleMaker {
 public:
  BundleMaker(const BundleRequest& request, StagedDirectory& directory, Instant now)
      : request_(request),
        directory_(directory),
        now_(now),
        suffix_(request.type == StoreType::Jks ? ".jks" : ".p12") {}

  Result<Findings> make() {
    const auto& clients = request_.description.clients;
    auto packed =
        pack_member(request_.description.broker, "broker", "hivemq-keystore", request_.description.role, broker_trust_);
    if (!packed) return pass_on(packed);
    for (const auto& client : clients) {
      packed = pack_member(client, folder_of(client), client.name + "-keystore", KeystoreRole::Client, client_trust_);
      if (!packed) return pass_on(packed);
    }
    if (!findings_.empty()) return findings_;
    auto done = finish_broker();
    for (const auto& client : clients) {
      if (done) done = finish_client(client);
    }
    if (done && request_.umh_values) done = write_umh_values();
    if (done) done = write_text("README.md", readme_of_bundle(request_.description, request_.umh_values), kOpenMode);
    if (!done) return pass_on(done);
    return findings_;
  }

 private:
  using Certificates = std::vector<Certificate>;

  static std::string folder_of(const BundleMember& client) { return "clients/" + client.name; }

  PasswordSource generated(const std::string& store) const {
    return {PasswordSource::Kind::Generate, directory_.path_of(store + ".password")};
  }
  PasswordSource left_in_file(const std::string& store) const {
    return {PasswordSource::Kind::File, directory_.path_of(store + ".password")};
  }

  NewStore new_store(const std::string& store) const {
    NewStore made;
    made.out = directory_.path_of(store + suffix_);
    made.type = request_.type;
    made.password = generated(store);
    made.created = request_.created;
    return made;
  }

  // A keystore in `folder`, the chain beside it, and into `trust` what the peers of this member must trust.
  Result<Done> pack_member(const BundleMember& member, const std::string& folder, const std::string& store,
                           KeystoreRole role, Certificates& trust) {
    auto made = directory_.make_folder(folder);
    if (!made) return made;
    KeystoreRequest keystore;
    keystore.store = new_store(folder + "/" + store);
    keystore.cert = request_.issued + "/" + member.certificate + ".fullchain.pem";
    keystore.key = member.key;
    keystore.key_password = member.key_password;
    keystore.alias = member.alias;
    keystore.role = role;
    auto verdict = pack_keystore(keystore, now_);
    if (!verdict) return pass_on(verdict, member.name);
    holders_.add(verdict->chain.front().key(), member.name, findings_);
    for (auto& [id, detail] : verdict->findings) findings_.push_back({id, fmt::format("{}: {}", member.name, detail)});
    if (!verdict->findings.empty()) return Done{};
    for (const auto& certificate : verdict->chain) {
      const bool root = certificate.self_issued();
      const bool leaf = &certificate == &verdict->chain.front();
      if (root || (!leaf && request_.intermediates == Intermediates::Include)) add_once(trust, certificate);
    }
    return write_text(folder + "/chain.pem", shown_chain(verdict->chain), kOpenMode);
  }

  static void add_once(Certificates& all, const Certificate& certificate) {
    if (std::ranges::find(all, certificate.digest(), &Certificate::digest) == all.end()) all.push_back(certificate);
  }

  // The truststore of one who must trust `trusted`, and the same certificates for programs that read PEM.
  Result<Done> pack_trust(const Certificates& trusted, const std::string& folder, const std::string& store) {
    TruststoreRequest truststore;
    truststore.store = new_store(folder + "/" + store);
    std::string all;
    std::size_t roots = 0, intermediates = 0;
    for (const auto& certificate : trusted) {
      auto& number = certificate.self_issued() ? roots : intermediates;
      const std::string kind = certificate.self_issued() ? "root" : "intermediate";
      const auto alias = ++number == 1 ? kind : fmt::format("{}-{}", kind, number);
      const auto pem = to_pem(kCertificatePem, certificate.der());
      const auto path = fmt::format("{}/trusted/{}.pem", folder, alias);
      auto written = write_text(path, pem, kOpenMode);
      if (!written) return written;
      truststore.entries.push_back({alias, directory_.path_of(path)});
      all += pem;
    }
    auto verdict = pack_truststore(truststore, now_);
    if (!verdict) return pass_on(verdict);
    findings_.insert(findings_.end(), verdict->findings.begin(), verdict->findings.end());
    return write_text(folder + "/trusted.pem", all, kOpenMode);
  }

  Result<Done> finish_broker() {
    const auto& description = request_.description;
    Certificates trusted = client_trust_;
    if (description.cluster) {
      for (const auto& certificate : broker_trust_) add_once(trusted, certificate);
    }
    HivemqConfig config;
    config.listener = description.listener;
    config.port = description.port;
    config.keystore = description.path + "/hivemq-keystore" + suffix_;
    if (!trusted.empty()) {
      auto packed = pack_trust(trusted, "broker", "hivemq-truststore");
      if (!packed) return packed;
      config.truststore = description.path + "/hivemq-truststore" + suffix_;
    }
    if (description.cluster) config.cluster = ClusterTransport{*description.cluster};
    auto xml = hivemq_config_xml(config);
    if (!xml) return pass_on(xml);
    auto written = directory_.write("broker/config.xml", xml->view(), kOpenMode);
    if (!written) return written;
    written = write_environment(config.truststore.has_value());
    if (!written) return written;
    return write_text("broker/README.md", readme_of_broker(description, suffix_), kOpenMode);
  }

  // The variables that config.xml names, as systemd (EnvironmentFile=) and docker (--env-file) read them. The passwords
  // were made here, of letters and digits.
  Result<Done> write_environment(bool truststore) {
    SecretText text;
    auto keystore = read_password(left_in_file("broker/hivemq-keystore"), "keystore password");
    if (!keystore) return pass_on(keystore);
    for (const char* variable : {kKeystoreVariable, kEntryVariable}) {
      text.add(fmt::format("{}=", variable));
      text.add(as_text(keystore->view()));
      text.add("\n");
    }
    if (truststore) {
      auto trust = read_password(left_in_file("broker/hivemq-truststore"), "truststore password");
      if (!trust) return pass_on(trust);
      text.add(fmt::format("{}=", kTruststoreVariable));
      text.add(as_text(trust->view()));
      text.add("\n");
    }
    auto environment = std::move(text).finish();
    if (!environment) return pass_on(environment);
    return directory_.write("broker/hivemq.env", environment->view(), kSecretMode);
  }

  Result<Done> finish_client(const BundleMember& client) {
    const auto folder = folder_of(client);
    auto packed = pack_trust(broker_trust_, folder, client.name + "-truststore");
    if (!packed) return packed;
    return write_text(folder + "/README.md", readme_of_client(request_.description, client, suffix_), kOpenMode);
  }

  Result<Done> write_umh_values() {
    UmhRequest umh;
    const std::string keystore = "broker/hivemq-keystore", truststore = "broker/hivemq-truststore";
    umh.keystore = directory_.path_of(keystore + suffix_);
    umh.keystore_password = left_in_file(keystore);
    umh.truststore = directory_.path_of(truststore + suffix_);
    umh.truststore_password = left_in_file(truststore);
    for (const auto& client : request_.description.clients) {
      umh.services.push_back(
          {client.name, directory_.path_of(folder_of(client) + "/chain.pem"), client.key, client.key_password});
    }
    auto verdict = collect_umh_values(umh, now_);
    if (!verdict) return pass_on(verdict);
    findings_.insert(findings_.end(), verdict->findings.begin(), verdict->findings.end());
    if (!findings_.empty()) return Done{};
    auto yaml = umh_values_yaml(verdict->values);
    if (!yaml) return pass_on(yaml);
    return directory_.write("umh/values.yaml", yaml->view(), kUmhValuesMode);
  }

  Result<Done> write_text(const std::string& path, std::string_view text, mode_t mode) {
    return directory_.write(path, as_bytes(text), mode);
  }

  const BundleRequest& request_;
  StagedDirectory& directory_;
  Instant now_;
  std::string suffix_;
  Certificates broker_trust_;  // what clients must trust
  Certificates client_trust_;  // what the broker must trust
  KeyHolders holders_;
  Findings findings_;
};

}  // namespace

Result<Findings> make_bundle(const BundleRequest& request, StagedDirectory& directory, Instant now) {
  return BundleMaker(request, directory, now).make();
}

}  // namespace sealroom::pack
