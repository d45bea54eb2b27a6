#include "sealroom/policy/issuer_config.hpp"

#include <catch2/catch.hpp>

#include "sealroom/crypto/crypto.hpp"
#include "support/reviewed_files.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

IssuerConfig good(const std::string& text) {
  auto config = IssuerConfig::parse("issuers/x.cnf", text);
  if (!config) throw std::runtime_error(config.error().message);
  return std::move(*config);
}

std::string refusal(const std::string& text) {
  const auto config = IssuerConfig::parse("issuers/x.cnf", text);
  if (config) return "accepted";
  CHECK(config.error().kind == ErrorKind::Usage);
  return config.error().message;
}

const std::string kRoot = reviewed_file("issuers/root.cnf");
const std::string kIntermediate = reviewed_file("issuers/intermediate.cnf");

// The line in which the first `piece` of `text` begins.
std::string line_of(const std::string& text, std::string_view piece) {
  const auto at = text.find(piece);
  REQUIRE(at != std::string::npos);
  return std::to_string(1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

}  // namespace

TEST_CASE("the reviewed root configuration has the guide's values") {
  const auto config = good(kRoot);
  CHECK(config.private_key() == "pkcs11:token=sealroom-root;object=root-key;type=private");
  CHECK(config.default_md() == HashAlgorithm::Sha256);
  CHECK(config.default_days() == 365);
  CHECK(config.default_crl_days() == 180);
  CHECK(config.default_bits() == 2048);
  CHECK(config.copy_extensions() == CopyExtensions::None);
  CHECK(config.unique_subject() == UniqueSubject::No);
  CHECK(config.preserve() == Preserve::No);
  CHECK(config.email_in_dn() == EmailInDn::Yes);
  CHECK(config.own_section() == "v3_ca");
  std::string policy;
  for (const auto& field : config.policy()) {
    policy += field.name + "/" + field.oid + "/" + std::to_string(static_cast<int>(field.rule)) + " ";
  }
  CHECK(policy ==
        "countryName/2.5.4.6/0 stateOrProvinceName/2.5.4.8/0 organizationName/2.5.4.10/0 "
        "organizationalUnitName/2.5.4.11/2 commonName/2.5.4.3/1 emailAddress/1.2.840.113549.1.9.1/2 ");
  const auto lines = config.extensions("v3_intermediate_ca");
  REQUIRE(lines.size() == 4);
  CHECK(lines[2].name == "basicConstraints");
  CHECK(lines[2].value == "critical, CA:true, pathlen:0");
  CHECK(std::to_string(lines[2].line) == line_of(kRoot, "basicConstraints       = critical, CA:true, pathlen:0"));
  CHECK(config.has_section("crl_ext"));
  CHECK_FALSE(config.has_section("policy_strict"));
  CHECK_FALSE(config.has_section("server_cert"));
  CHECK(config.extensions("server_cert").empty());
}

TEST_CASE("the reviewed intermediate configuration has the guide's values") {
  const auto config = good(kIntermediate);
  CHECK(config.private_key() == "pkcs11:token=sealroom-intermediate;object=intermediate-key;type=private");
  CHECK(config.default_crl_days() == 30);
  CHECK(config.copy_extensions() == CopyExtensions::SubjectAltName);
  CHECK(config.unique_subject() == UniqueSubject::No);
  REQUIRE(config.policy().size() == 7);
  CHECK(config.policy()[2].name == "localityName");
  std::string server;
  for (const auto& line : config.extensions("server_cert")) server += line.name + "=" + line.value + ";";
  CHECK(server ==
        "basicConstraints=CA:FALSE;nsCertType=server;nsComment=OpenSSL Generated Server Certificate;"
        "subjectKeyIdentifier=hash;authorityKeyIdentifier=keyid,issuer:always;"
        "keyUsage=critical, digitalSignature, keyEncipherment;extendedKeyUsage=serverAuth;");
  CHECK(config.extensions("client_cert").size() == 7);
}

TEST_CASE("keys that the ledger makes pointless are accepted and reported once") {
  const auto kept = good(edited(kRoot, "crl_dir  ", "RANDFILE = $dir/private/random\ncrl_dir  ")).kept_by_ledger();
  CHECK(kept == std::vector<std::string>{"dir", "certs", "RANDFILE", "crl_dir", "new_certs_dir", "database", "serial",
                                         "crlnumber", "name_opt", "cert_opt", "certificate"});
}

TEST_CASE("the issuer's own name equals that of openssl req") {
  const TemporaryDirectory directory;
  REQUIRE(run_program({"openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", directory / "key.pem"})
              .exit_code == 0);
  const auto openssl_name = [&](const std::string& text) {
    const auto made = run_program({"openssl", "req", "-new", "-config", directory.write("x.cnf", text), "-key",
                                   directory / "key.pem", "-outform", "DER", "-out", directory / "x.der"});
    INFO(made.err);
    REQUIRE(made.exit_code == 0);
    const std::string der = directory.read("x.der");
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const OwnedReq request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
    REQUIRE(request);
    return der_of(X509_REQ_get_subject_name(request.get()), i2d_X509_NAME);
  };
  for (const std::string mask : {"utf8only", "pkix", "nombstr", "default"}) {
    for (const std::string& base : {kRoot, kIntermediate}) {
      std::string text = edited(base, "string_mask        = utf8only", "string_mask = " + mask);
      text = edited(text, "localityName           = Landshut",
                    (mask == "utf8only" ? "localityName = L@ndshut\n" : "localityName = Landshut an der Isar\n") +
                        std::string("0.domainComponent = com\n1.domainComponent = example\nserialNumber = 12\n"
                                    "2.OU = \"Second Unit\""));
      INFO(mask);
      CHECK(good(text).own_name() == openssl_name(text));
    }
  }
  const auto without_mask = edited(kRoot, "string_mask        = utf8only", "");
  CHECK(good(without_mask).own_name() == openssl_name(without_mask));
}

TEST_CASE("a mask that would make strings of a kind that no new name may have is refused where it does") {
  for (const std::string mask : {"pkix", "nombstr", "default"}) {
    const auto text = edited(kRoot, "string_mask        = utf8only", "string_mask = " + mask);
    INFO(mask);
    CHECK(IssuerConfig::parse("issuers/x.cnf", text));
    const auto other = IssuerConfig::parse("issuers/x.cnf", edited(text, "= Landshut", "= L@ndshut"));
    REQUIRE_FALSE(other);
    CHECK_THAT(other.error().message, Catch::Contains("would be a TeletexString or BMPString"));
  }
}

TEST_CASE("values are what OpenSSL makes of them") {
  std::string text = edited(kIntermediate, "# Intermediate CA,", "base = Hive # of the name\nlast = MQ\n#");
  text = edited(text, "nsComment              = \"OpenSSL Generated Server Certificate\"",
                "nsComment = '$base' $base${last} ${default::base}$(last) \\\n  \\# \"# a\" # comment");
  const auto lines = good(text).extensions("server_cert");
  REQUIRE(lines.size() == 7);
  CHECK(lines[2].value == "$base HiveMQ HiveMQ   # # a");
}

TEST_CASE("CRLF line ends and a last line without end are read") {
  std::string text;
  for (const char c : kRoot) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(good(text).own_name() == good(kRoot).own_name());
  CHECK(good(kRoot.substr(0, kRoot.size() - 1)).extensions("crl_ext").size() == 1);
}

TEST_CASE("sections of extensions may have parts in sections of their own") {
  const auto config = good(edited(kIntermediate, "[client_cert]",
                                  "crlDistributionPoints = point\nsubjectAltName = @names\n"
                                  "certificatePolicies = 1.2.3.4, @policy\n[names]\nDNS.1 = a.example\n"
                                  "dirName.1 = organisation\n[organisation]\nO = Example\n[point]\n"
                                  "fullname = URI:http://a.example/crl\n[policy]\npolicyIdentifier = 1.2.3.5\n"
                                  "userNotice.1 = @notice\n[notice]\nexplicitText = Hello\n[client_cert]"));
  CHECK(config.extensions("server_cert").size() == 10);
  CHECK_FALSE(config.has_section("names"));
  CHECK_FALSE(config.has_section("organisation"));
  CHECK_FALSE(config.has_section("notice"));
}

TEST_CASE("the guide's own files are refused with the line of their first defect") {
  CHECK(refusal("OpenSSL Intermediate CA configuration file.\n" + kIntermediate) ==
        "issuers/x.cnf:1: neither a comment, a section header nor key = value");
  const auto labels =
      edited(kRoot, "countryName            = DE", "countryName = Country Name (2 letter code)\ncountryName = DE");
  CHECK(refusal(labels) == "issuers/x.cnf:" + line_of(labels, "countryName = DE") +
                               ": countryName stands twice in [req_distinguished_name], first in line " +
                               line_of(labels, "countryName = Country"));
}

namespace {

struct Edit {
  const char* from;
  const char* to;
  const char* says;  // part of the message
};

}  // namespace

TEST_CASE("each departure from the dialect is refused with its reason and line") {
  const auto edit = GENERATE(values<Edit>({
      // shape
      {"[ca]\n", "[ca\n", "section header lacks its closing bracket"},
      {"[ca]\n", "[ca] default_ca = x\n", "text behind the section header"},
      {"[ca]\n", "[c a]\n", "\"c a\" cannot name a section"},
      {"[ca]\n", "[]\n", "\"\" cannot name a section"},
      {"[ca]\n", "[$x]\n", "cannot name a section"},
      {"[server_cert]", "[client_cert]", "section [client_cert] stands twice"},
      {"[ca]\n", "[default]\n[default]\n[ca]\n", "section [default] stands twice"},
      {"certs            = $dir/certs", "certs = a\ncerts = a", "certs stands twice in [CA_default]"},
      {"certs            = $dir/certs", "certs", "neither a comment"},
      {"certs            = $dir/certs", "req::certs = a", "a key may not be put into another section"},
      {"certs            = $dir/certs", "c@rts = a", "neither a comment"},
      {"certs            = $dir/certs", "certs =", "key has no value"},
      {"certs            = $dir/certs", "certs = # nothing", "key has no value"},
      {"certs            = $dir/certs", "certs = \"\"", "certs has no value"},
      {"certs            = $dir/certs", "certs = \"a", "quote is not closed"},
      {"certs            = $dir/certs", "certs = it's", "quote is not closed"},
      {"certs            = $dir/certs", "certs = a\\ ", "value ends with a backslash"},
      {"certs            = $dir/certs", "certs = a\\nb", "value is not printable ASCII"},
      {"certs            = $dir/certs", "certs = \xC3\xA4", "octet \\xc3 is not printable ASCII"},
      {"certs            = $dir/certs", "certs = a\rb", "octet \\x0d is not printable ASCII"},
      {"certs            = $dir/certs", "# certs \\", "comment ends with a backslash"},
      {"certs            = $dir/certs", "certs = a # b \\", "comment ends with a backslash"},
      // nothing from elsewhere
      {"[ca]\n", ".include other.cnf\n[ca]\n", "directive .include is not accepted"},
      {"[ca]\n", ".include=other.cnf\n[ca]\n", "directive .include is not accepted"},
      {"[ca]\n", ".pragma dollarid:on\n[ca]\n", "directive .pragma is not accepted"},
      {"= $dir/certs", "= $ENV::HOME", "values from the environment"},
      {"= $dir/certs", "= ${ENV::HOME}/certs", "values from the environment"},
      {"= $dir/certs", "= a$(ENV::HOME)", "values from the environment"},
      {"= $dir/certs", "= $database", "$database is not defined above"},
      {"= $dir/certs", "= $req::default_md", "$default_md is not defined above"},
      {"= $dir/certs", "= ${dir/certs", "begins no reference"},
      {"= $dir/certs", "= a$", "begins no reference"},
      // [ca] and its section
      {"[ca]\n", "[cb]\n", "section [ca] is missing"},
      {"default_ca = CA_default", "default_ca = CA_other", "section [CA_other] is missing"},
      {"default_ca = CA_default", "default_ca = ca", "section [ca] has another use already"},
      {"default_ca = CA_default", "", "section [ca] lacks default_ca"},
      {"default_ca = CA_default", "default_ca = CA_default\ndefault_md = sha256", "default_md has no effect in [ca]"},
      {"preserve         = no", "rand_serial = yes", "rand_serial is not accepted in [CA_default]"},
      {"preserve         = no", "base = /", "base is not accepted in [CA_default]"},
      {"preserve         = no", "preserve = yes", "openssl ca ignores it in [CA_default]"},
      {"default_ca = CA_default", "default_ca = CA_default\npreserve = Yes", "must be one of no, yes"},
      {"preserve         = no", "email_in_dn = false", "must be one of no, yes"},
      {"unique_subject   = no", "unique_subject = n", "must be one of no, yes"},
      {"copy_extensions  = copy", "copy_extensions = copyall", "must be one of none, copy"},
      {"default_md       = sha256", "default_md = sha1", "must be one of sha256, sha384, sha512"},
      {"default_md       = sha256", "default_md = default", "must be one of sha256, sha384, sha512"},
      {"default_md       = sha256", "", "section [CA_default] lacks default_md"},
      {"default_days     = 365", "default_days = 0", "must be a plain number from 1 to 36525"},
      {"default_days     = 365", "default_days = 0365", "must be a plain number"},
      {"default_days     = 365", "default_days = -1", "must be a plain number"},
      {"default_days     = 365", "default_days = 365d", "must be a plain number"},
      {"default_days     = 365", "", "section [CA_default] lacks default_days"},
      {"default_crl_days = 30", "default_crl_days = 0", "must be a plain number"},
      {"crl_extensions   = crl_ext", "crl_extensions = crl", "section [crl] is missing or holds no extensions"},
      {"preserve         = no", "x509_extensions = missing", "section [missing] is missing or holds no extensions"},
      {"pkcs11:token=sealroom-intermediate;object=intermediate-key;type=private", "$dir/private/ca.key.pem",
       "not a PKCS#11 URI"},
      {"private_key      = pkcs11:token=sealroom-intermediate;object=intermediate-key;type=private", "",
       "section [CA_default] lacks private_key"},
      // policy
      {"policy           = policy_loose", "policy = policy", "section [policy] is missing"},
      {"policy           = policy_loose", "", "section [CA_default] lacks policy"},
      {"commonName             = supplied", "commonName = required", "must be one of match, supplied, optional"},
      {"commonName             = supplied", "commonNam = supplied", "commonNam is not the name of an attribute type"},
      {"commonName             = supplied", "sha256 = supplied", "sha256 is not the name of an attribute type"},
      {"commonName             = supplied", "0.commonName = supplied", "is not the name of an attribute type"},
      {"commonName             = supplied", "commonName = supplied\nCN = optional", "under different names"},
      // [req] and the name
      {"[req]\n", "[request]\n", "section [req] is missing"},
      {"prompt             = no", "prompt = yes", "[req] must have prompt = no"},
      {"prompt             = no", "", "[req] must have prompt = no"},
      {"prompt             = no", "prompt = no\nreq_extensions = v3_ca", "req_extensions is not accepted in [req]"},
      {"prompt             = no\ndefault_md         = sha256", "prompt = no\ndefault_md = sha384",
       "default_md of [req] differs"},
      {"default_bits       = 2048", "default_bits = 1024", "must be a plain number from 2048 to 16384"},
      {"string_mask        = utf8only", "string_mask = MASK:0x2002", "must be one of utf8only, pkix, nombstr, default"},
      {"distinguished_name = req_distinguished_name", "distinguished_name = name", "section [name] is missing"},
      {"distinguished_name = req_distinguished_name", "", "section [req] lacks distinguished_name"},
      {"distinguished_name = req_distinguished_name", "distinguished_name = policy_loose", "has another use already"},
      {"[req_distinguished_name]\ncountryName", "[req_distinguished_name]\n[other]\ncountryName", "has no name part"},
      {"x509_extensions    = v3_ca", "x509_extensions = v3", "section [v3] is missing or holds no extensions"},
      {"countryName            = DE", "countryName = Country Name (2 letter code)", "cannot be a countryName"},
      {"countryName            = DE", "countryNam = DE", "countryNam is not the name of an attribute type"},
      {"countryName            = DE", "+countryName = DE", "name parts with several values are not accepted"},
      {"countryName            = DE", "1.+countryName = DE", "name parts with several values are not accepted"},
      {"countryName            = DE", "a.countryName = DE", "is not the name of an attribute type"},
      // above the first section
      {"# Intermediate CA,", "base = /x\n#", "base has no effect: nothing refers to it"},
      {"# Intermediate CA,", "email_in_dn = no\n#", "email_in_dn stands outside its section"},
      {"# Intermediate CA,", "oid_section = new\n#", "oid_section stands outside its section"},
  }));
  const bool of_root = kIntermediate.find(edit.from) == std::string::npos;
  const auto text = edited(of_root ? kRoot : kIntermediate, edit.from, edit.to);
  INFO(edit.from << " -> " << edit.to);
  const auto message = refusal(text);
  CHECK_THAT(message, Catch::Contains(edit.says));
  CHECK_THAT(message, Catch::StartsWith("issuers/x.cnf:"));
}

TEST_CASE("extensions that OpenSSL does not know, cannot make, computes or ignores are refused") {
  const auto edit = GENERATE(values<Edit>({
      {"nsCertType             = server", "nsCertTyp = server", "nsCertTyp is not an extension"},
      {"nsCertType             = server", "2.5.29.15 = digitalSignature", "2.5.29.15 is not an extension"},
      {"nsCertType             = server", "nsCertType = servant", "OpenSSL cannot make this extension"},
      {"nsCertType             = server", "nsCertType = Critical, server", "OpenSSL cannot make this extension"},
      {"nsCertType             = server", "1.2.3.4 = ASN1:UTF8String:x", "DER: and ASN1: values are not accepted"},
      {"nsCertType             = server", "nsCertType = critical, DER:0500", "DER: and ASN1: values are not accepted"},
      {"nsCertType             = server", "subjectAltName = email:copy", "takes names out of the request"},
      {"nsCertType             = server", "subjectAltName = DNS:a, email : move", "takes names out of the request"},
      {"nsCertType             = server", "issuerAltName = critical, issuer:copy", "copies names from the issuer"},
      {"nsCertType             = server", "subjectAltName = otherName:1.2.3;UTF8:x", "otherName is not accepted"},
      {"nsCertType             = server", "subjectAltName = @names", "section [names] is missing"},
      {"[client_cert]", "subjectAltName = @names\n[names]\nemail.1 = copy\n[client_cert]",
       "takes names out of the request"},
      {"[client_cert]", "subjectAltName = @names\n[names]\nDNS = a\nDN = b\n[client_cert]", "OpenSSL cannot make"},
      {"nsCertType             = server", "proxyCertInfo = language:id-ppl-anyLanguage,policy:file:/etc/passwd",
       "proxyCertInfo is not accepted"},
      {"authorityKeyIdentifier = keyid,issuer:always", "authorityKeyIdentifier = keyid:alway",
       "would ignore \"keyid:alway\""},
      {"authorityKeyIdentifier = keyid,issuer:always", "authorityKeyIdentifier = none:x", "would ignore \"none:x\""},
      {"subjectKeyIdentifier   = hash", "subjectKeyIdentifier = 01:02", "must be hash or none"},
      {"basicConstraints       = CA:FALSE", "basicConstraints = CA:FALSE,pathlen:0", "pathlen without CA:TRUE"},
      {"basicConstraints       = CA:FALSE", "basicConstraints = CA:maybe", "OpenSSL cannot make this extension"},
      {"basicConstraints       = critical, CA:true", "basicConstraints = critical, CA:true, pathlen:-1",
       "pathlen below zero"},
      {"[crl_ext]\nauthorityKeyIdentifier = keyid:always", "[crl_ext]\nauthorityKeyIdentifer = keyid:always",
       "authorityKeyIdentifer is not an extension"},
      {"[client_cert]", "[unused]\nkeyUsag = x\n[client_cert]", "keyUsag is not an extension"},
  }));
  INFO(edit.from << " -> " << edit.to);
  const auto message = refusal(edited(kIntermediate, edit.from, edit.to));
  CHECK_THAT(message, Catch::Contains(edit.says));
  CHECK_THAT(message, Catch::StartsWith("issuers/x.cnf:"));
}

TEST_CASE("values next to the refused ones are accepted") {
  const auto edit = GENERATE(values<Edit>({
      {"[ca]\n", "[ ca ] # base\n", ""},
      {"default_md       = sha256", "default_md = sha256 # comment", ""},
      {"certs            = $dir/certs", "certs = a\\\\", ""},
      {"certs            = $dir/certs", "certs = a # b \\\\", ""},
      {"certs            = $dir/certs", "certs = \\\n  /certs", ""},
      {"certs            = $dir/certs", "certs = it\\'s \"#\"", ""},
      {"= $dir/certs", "= ${dir}/$CA_default::dir", ""},
      {"default_days     = 365", "default_days = 36525", ""},
      {"default_ca = CA_default", "default_ca = CA_default\npreserve = yes", ""},
      {"preserve         = no", "email_in_dn = no", ""},
      {"preserve         = no", "x509_extensions = server_cert", ""},
      {"copy_extensions  = copy", "copy_extensions = none", ""},
      {"default_bits       = 2048", "default_bits = 4096", ""},
      {"default_bits       = 2048", "", ""},
      {"x509_extensions    = v3_ca", "", ""},
      {"commonName             = supplied", "CN = supplied", ""},
      {"authorityKeyIdentifier = keyid,issuer:always", "authorityKeyIdentifier = keyid:always , issuer", ""},
      {"subjectKeyIdentifier   = hash", "subjectKeyIdentifier = none", ""},
      {"basicConstraints       = critical, CA:true", "basicConstraints = critical, CA:true, pathlen:3", ""},
      {"nsCertType             = server", "subjectAltName = DNS:a.example, IP:127.0.0.1, email:a@b.example", ""},
  }));
  INFO(edit.from << " -> " << edit.to);
  CHECK(refusal(edited(kIntermediate, edit.from, edit.to)) == "accepted");
}

TEST_CASE("default_md of both sections may be another good hash") {
  auto text = edited(kRoot, "default_md       = sha256", "default_md = sha512");
  CHECK_THAT(refusal(text), Catch::Contains("default_md of [req] differs"));
  text = edited(text, "default_md         = sha256", "default_md = sha512");
  CHECK(good(text).default_md() == HashAlgorithm::Sha512);
}

TEST_CASE("a file, line or number of references past its bound is refused") {
  CHECK(refusal(kRoot + std::string(65'536, '#')) == "issuers/x.cnf: longer than 65536 octets");
  CHECK_THAT(refusal(kRoot + "# " + std::string(8'200, 'x') + "\n"),
             Catch::Contains("line is longer than 8192 octets"));
  std::string references = "a = x\n[x]\n";
  for (int i = 0; i < 257; ++i) references += "k" + std::to_string(i) + " = $a\n";
  CHECK_THAT(refusal(references), Catch::Contains("more than 256 references"));
  CHECK_THAT(refusal("a = b \\"), Catch::Contains("continues past the end"));
}

TEST_CASE("a section whose name stands in an ordinary value is still a section of extensions") {
  const auto text = edited(kIntermediate, "[client_cert]",
                           "[client]\nnsCertType = client\n[server]\nnsCertType = server, client\n[client_cert]");
  const auto config = good(text);
  CHECK(config.has_section("client"));
  CHECK(config.has_section("server"));
}

TEST_CASE("no edit of a good configuration crashes the reader") {
  std::size_t accepted = 0;
  for (std::uint64_t seed = 0; seed < 4'000; ++seed) {
    const auto text = Mutator(seed).mutate(seed % 2 == 0 ? kRoot : kIntermediate);
    const auto config = IssuerConfig::parse("issuers/x.cnf", text);
    if (config) {
      ++accepted;
      CHECK(config->text() == text);
    } else {
      CHECK(config.error().message.starts_with("issuers/x.cnf"));
    }
  }
  CHECK(accepted > 0);
  CHECK(accepted < 4'000);
}
