//go:build nats

package nats_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"mjpegazer/source/nats"
)

// TestLogins has pictures pass through servers that know their clients by TLS and a password, by a key, and by credentials, and by way
// of WebSocket.
func TestLogins(t *testing.T) {
	t.Parallel()
	secure, ca := certificate(t)
	user, seed := key(t, nkeys.CreateUser)
	creds := credentials(t)
	for name, c := range map[string]struct {
		change  func(o *server.Options)
		servers func(s *server.Server) nats.Servers
	}{
		"tls": {func(o *server.Options) { o.TLSConfig, o.Username, o.Password = secure, "ann", "secret" }, func(s *server.Server) nats.Servers {
			return nats.Servers{Address: "tls://ann:secret@" + hostOf(s), CA: ca}
		}},
		"nkey": {func(o *server.Options) { o.Nkeys = []*server.NkeyUser{{Nkey: user}} }, func(s *server.Server) nats.Servers {
			servers := addressOf(hostOf(s))
			servers.NKey = writeFile(t, seed)
			return servers
		}},
		"creds": {creds.change, func(s *server.Server) nats.Servers {
			servers := addressOf(hostOf(s))
			servers.Creds = creds.file
			return servers
		}},
		"wss": {func(o *server.Options) {
			o.Username, o.Password = "ann", "secret"
			o.Websocket = server.WebsocketOpts{Host: "127.0.0.1", Port: freePort(t), TLSConfig: secure}
		}, func(s *server.Server) nats.Servers {
			return nats.Servers{Address: "wss://ann:secret@" + s.WebsocketURL()[len("wss://"):], CA: ca}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := c.servers(serve(t, c.change))
			if err := servers.Check(); err != nil {
				t.Fatal(err)
			}
			publish(t, servers, 0, "edge")
			watch(t, servers, "node").some(3)
		})
	}
}

func writeFile(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// certificate is a server's for this machine, and the file by which clients know it.
func certificate(t *testing.T) (*tls.Config, string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}}
	return config, writeFile(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// key makes a pair of keys: what is public of it, and the seed.
func key(t *testing.T, create func() (nkeys.KeyPair, error)) (public string, seed []byte) {
	t.Helper()
	pair, err := create()
	if err == nil {
		public, err = pair.PublicKey()
	}
	if err == nil {
		seed, err = pair.Seed()
	}
	if err != nil {
		t.Fatal(err)
	}
	return public, seed
}

// credentialed is a file of credentials, and a server that knows them.
type credentialed struct {
	file   string
	change func(o *server.Options)
}

func credentials(t *testing.T) credentialed {
	t.Helper()
	sign := func(claims jwt.Claims, seed []byte) string {
		pair, err := nkeys.FromSeed(seed)
		if err != nil {
			t.Fatal(err)
		}
		token, err := claims.Encode(pair)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	operator, operatorSeed := key(t, nkeys.CreateOperator)
	account, accountSeed := key(t, nkeys.CreateAccount)
	user, userSeed := key(t, nkeys.CreateUser)
	trusted := jwt.NewOperatorClaims(operator)
	sign(trusted, operatorSeed)
	accountToken := sign(jwt.NewAccountClaims(account), operatorSeed)
	file, err := jwt.FormatUserConfig(sign(jwt.NewUserClaims(user), accountSeed), userSeed)
	if err != nil {
		t.Fatal(fmt.Errorf("credentials: %w", err))
	}
	return credentialed{writeFile(t, file), func(o *server.Options) {
		resolver := &server.MemAccResolver{}
		if err := resolver.Store(account, accountToken); err != nil {
			t.Fatal(err)
		}
		o.TrustedOperators, o.AccountResolver = []*jwt.OperatorClaims{trusted}, resolver
	}}
}
