package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// WithTLS lets the server speak TLS only, with a certificate that nobody trusts
// but [Server.TLS].
func WithTLS() Option {
	return func(s *Server) {
		s.t.Helper()
		certFile, keyFile := filepath.Join(s.dir, "cert.pem"), filepath.Join(s.dir, "key.pem")
		roots, err := writeCertificate(certFile, keyFile)
		if err != nil {
			s.t.Fatalf("redistest: cannot make a certificate: %v", err)
		}
		s.TLS = &tls.Config{RootCAs: roots}
		s.config = append(s.config, "tls-cert-file "+certFile, "tls-key-file "+keyFile, "tls-auth-clients no")
	}
}

// writeCertificate makes a key and its self-signed certificate for the loopback
// address, and returns the pool that trusts it.
func writeCertificate(certFile, keyFile string) (*x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := writePEM(certFile, "CERTIFICATE", cert); err != nil {
		return nil, err
	}
	if err := writePEM(keyFile, "PRIVATE KEY", private); err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(cert)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return roots, nil
}

func writePEM(file, kind string, data []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600)
}
