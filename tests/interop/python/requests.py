"""Requests by python3-cryptography, for servers and clients: requests.py DIRECTORY_FOR_SERVERS DIRECTORY_FOR_CLIENTS"""
import ipaddress, sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def keys():
    return {"rsa": rsa.generate_private_key(65537, 3072), "p384": ec.generate_private_key(ec.SECP384R1())}


def write(file, builder, key):
    with open(file, "wb") as out:
        out.write(builder.sign(key, hashes.SHA384()).public_bytes(serialization.Encoding.DER))


for kind, key in keys().items():
    host = f"python-{kind}.example.com"
    names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("10.0.0.7"))]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bäcker & Söhne"),
        x509.NameAttribute(NameOID.COMMON_NAME, host)]))
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    write(f"{sys.argv[1]}/python-{kind}.der", builder, key)

for kind, key in keys().items():
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([
        x509.NameAttribute(NameOID.COMMON_NAME, f"client of Python, {kind}")]))
    write(f"{sys.argv[2]}/python-{kind}.der", builder, key)
