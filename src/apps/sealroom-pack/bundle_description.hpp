#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hivemq_config.hpp"
#include "password_source.hpp"
#include "sealroom/keystore/examine_store.hpp"

namespace sealroom::pack {

// One who has a certificate and its key: the broker, or a client.
struct BundleMember {
  std::string name;         // of its folder and files; as is_service_name says; "broker" for the broker
  std::string certificate;  // "intermediate/server_cert/broker": below the export, without .fullchain.pem
  std::string key;          // path
  PasswordSource key_password;
  std::string alias;
};

// What a bundle is to be made of, as a person wrote it down.
struct BundleDescription {
  BundleMember broker;
  KeystoreRole role = KeystoreRole::Broker;
  std::string host;  // under which clients know the broker
  std::string path;  // the folder in which the broker will find its files
  ListenerKind listener = ListenerKind::Tcp;
  std::uint16_t port = 8883;
  std::optional<std::string> cluster;  // the node's address for the cluster's transport
  std::vector<BundleMember> clients;
};

// Reads the strict YAML file `path` (docs/packing.md); paths in it are relative to its own folder. Errors (Usage, with
// file and line): unknown or missing members, a value of another form, two clients with one name.
Result<BundleDescription> read_description(const std::string& path);

}  // namespace sealroom::pack
