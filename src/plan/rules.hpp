#pragma once

#include <string>
#include <string_view>

#include "sealroom/base/deadline.hpp"
#include "sealroom/plan/examine.hpp"

// The families of rules that examine() runs. Each adds what it finds to the examination and leaves the rest alone.
namespace sealroom {

inline void refuse(Examination& examination, std::string_view id, std::string detail) {
  examination.refusals.push_back({std::string(id), std::move(detail)});
}

inline void remark(Examination& examination, std::string_view id, std::string detail) {
  examination.remarks.push_back({std::string(id), std::move(detail)});
}

// The widest settings that there are: what no certificate may go beyond, however an appliance is configured.
KeySettings widest_key_settings();

// key.*: algorithm, curve, size, exponent, as `settings` say. Cheap: certificates are judged by it, too.
Findings key_findings(const PublicKey& key, const KeySettings& settings);

// key.rsa-modulus and key.debian-weak: what arithmetic and a list show about a modulus. Takes 2 ms for RSA 2048 and
// 15 ms for RSA 4096, so it is done once, where a key comes in, and gives up at `deadline`. A modulus that is longer
// than the settings allow is not looked at.
Findings modulus_findings(const PublicKey& key, const KeySettings& settings, const Deadline& deadline);

// names.encoding, names.length and names.country: each part of the distinguished name `name_der`.
Findings name_findings(ByteView name_der);

// names.*: the general names in `value` (contents of subjectAltName). Without `profile` only what no profile decides.
Findings alternative_name_findings(ByteView value, const Profile* profile);

// "DNS:broker.example.com", "IP:127.0.0.1", ... in order; empty when `value` is not a GeneralNames.
std::vector<std::string> printable_general_names(ByteView value);

// Whether `value` is a list of general names in which no DNS or IP name stands, so that no client finds its server there.
bool lacks_hosts(ByteView value);

// extension.* and names.*: every extension and attribute that the request has, and what happens to it; fills
// alternative_names.
void judge_extensions(const ParsedRequest& request, const Rules& rules, Examination& examination);

// subject.*: the subject that the certificate would have.
void judge_subject(const ParsedRequest& request, const Rules& rules, Examination& examination);

// names.common-name: where the profile asks for it, each commonName is one of the hosts in subjectAltName.
// names.wildcard: a server's commonName is no wildcard that the profile refuses.
void judge_common_name(const ParsedRequest& request, const Rules& rules, Examination& examination);

// issuer.*, names.not-permitted and names.constrained: whether the issuer's settings, its certificate and those above it
// allow the profile and the names. Wants judge_subject() and judge_extensions() to have run.
void judge_issuer(const ParsedRequest& request, const Rules& rules, Examination& examination);

}  // namespace sealroom
