//! Requests by rcgen (pure Rust on ring), for a server and a client: requests SERVER_FILE CLIENT_FILE

use rcgen::{Certificate, CertificateParams, DnType, SanType, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384};

fn main() {
    let files: Vec<String> = std::env::args().skip(1).collect();

    let mut server = CertificateParams::new(vec!["rcgen.example.com".to_string()]);
    server.subject_alt_names.push(SanType::IpAddress("10.1.2.3".parse().unwrap()));
    server.distinguished_name = rcgen::DistinguishedName::new();
    server.distinguished_name.push(DnType::OrganizationName, "HiveMQ");
    server.distinguished_name.push(DnType::CommonName, "rcgen.example.com");
    server.alg = &PKCS_ECDSA_P256_SHA256;
    write(&files[0], server);

    let mut client = CertificateParams::default();
    client.distinguished_name = rcgen::DistinguishedName::new();
    client.distinguished_name.push(DnType::CommonName, "client of rcgen");
    client.alg = &PKCS_ECDSA_P384_SHA384;
    write(&files[1], client);
}

fn write(file: &str, params: CertificateParams) {
    let request = Certificate::from_params(params).unwrap().serialize_request_pem().unwrap();
    std::fs::write(file, request).unwrap();
}
