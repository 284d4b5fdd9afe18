package test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// from is a client at an address of this machine.
func from(address net.IP) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: address}}
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}, Timeout: 30 * time.Second}
}

func logIn(ctx context.Context, client *http.Client, address, password string) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	request.SetBasicAuth("ann", password)
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// TestCrowdedLogin: while 1,000 addresses, each in a network of its own, try wrong passwords of a user twice a second, that user gets
// in within 2 s.
func TestCrowdedLogin(t *testing.T) {
	t.Parallel()
	hash, err := bcrypt.GenerateFromPassword([]byte("right"), 10)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, command(t, anyPort, "-users", writeFile(t, "users", "ann:"+string(hash)+"\n", 0o600), "pattern:"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var crowd sync.WaitGroup
	for i := range 1000 {
		client := from(net.IPv4(127, byte(1+i/250), byte(i%250), 7))
		crowd.Go(func() {
			defer client.CloseIdleConnections()
			for n := 0; ctx.Err() == nil; n++ {
				if status, err := logIn(ctx, client, p.url+"/status", fmt.Sprint("wrong ", i, n)); err == nil && status == http.StatusOK {
					t.Error("a wrong password lets in")
				}
				select {
				case <-time.After(500 * time.Millisecond):
				case <-ctx.Done():
				}
			}
		})
	}
	time.Sleep(2 * time.Second)
	begun := time.Now()
	status, err := logIn(ctx, from(net.IPv4(127, 0, 0, 1)), p.url+"/status", "right")
	took := time.Since(begun)
	cancel()
	crowd.Wait()
	t.Logf("in the crowd: %d after %v", status, took)
	if err != nil || status != http.StatusOK || took > 5*2*time.Second {
		t.Errorf("the right password: %d, %v, after %v", status, err, took)
	}
}
