// Requests by Go's crypto/x509, for servers and clients: requests DIRECTORY_FOR_SERVERS DIRECTORY_FOR_CLIENTS
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func write(file string, key crypto.Signer, template *x509.CertificateRequest) {
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	must(err)
	must(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), 0o644))
}

func keys() map[string]crypto.Signer {
	made := map[string]crypto.Signer{}
	var err error
	made["rsa"], err = rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	made["p256"], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	made["p521"], err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	must(err)
	return made
}

func main() {
	for kind, key := range keys() {
		host := "go-" + kind + ".example.com"
		write(filepath.Join(os.Args[1], "go-"+kind+".csr"), key, &x509.CertificateRequest{
			Subject:     pkix.Name{Country: []string{"DE"}, Organization: []string{"HiveMQ"}, CommonName: host},
			DNSNames:    []string{host, "localhost"},
			IPAddresses: []net.IP{net.ParseIP("127.0.0.1"), net.ParseIP("::1")},
		})
	}
	for kind, key := range keys() {
		write(filepath.Join(os.Args[2], "go-"+kind+".csr"), key, &x509.CertificateRequest{
			Subject:        pkix.Name{CommonName: "client of Go, " + kind},
			EmailAddresses: []string{"client@example.com"},
		})
	}
}
