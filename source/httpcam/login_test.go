package httpcam_test

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

const user, password = "cam", `s"9:ö&`

// paramOf returns a parameter of an Authorization header, without quotes.
func paramOf(header, name string) string {
	for field := range strings.SplitSeq(strings.TrimPrefix(header, "Digest "), ", ") {
		if key, value, ok := strings.Cut(field, "="); ok && key == name {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

// digestRight checks an answer to a Digest challenge as RFC 7616 section 3.4.1 has it.
func digestRight(r *http.Request, realm, algorithm, nonce string) bool {
	header := r.Header.Get("Authorization")
	newHash := md5.New
	if strings.HasPrefix(strings.ToUpper(algorithm), "SHA") {
		newHash = func() hash.Hash { return sha256.New() }
	}
	h := func(parts ...string) string {
		sum := newHash()
		sum.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(sum.Sum(nil))
	}
	uri, qop, cnonce := paramOf(header, "uri"), paramOf(header, "qop"), paramOf(header, "cnonce")
	if uri != r.RequestURI || paramOf(header, "nonce") != nonce || paramOf(header, "algorithm") != algorithm {
		return false
	}
	a1 := h(user, realm, password)
	if strings.HasSuffix(algorithm, "-sess") {
		a1 = h(a1, nonce, cnonce)
	}
	a2 := []string{r.Method, uri}
	if qop == "auth-int" {
		a2 = append(a2, h(""))
	}
	want := h(a1, nonce, h(a2...))
	if qop != "" {
		want = h(a1, nonce, paramOf(header, "nc"), cnonce, qop, h(a2...))
	}
	return paramOf(header, "response") == want && paramOf(header, "realm") == realm
}

func TestLogin(t *testing.T) {
	for name, test := range map[string]struct {
		challenge, realm, algorithm, qop string
	}{
		"bare":            {`Digest realm="r", nonce="N"`, "r", "", ""},
		"MD5":             {`Digest realm="r", nonce="N", algorithm=MD5, qop="auth", opaque="o"`, "r", "MD5", "auth"},
		"SHA-256":         {`Digest realm="r", nonce="N", algorithm="SHA-256", stale="FALSE"`, "r", "SHA-256", ""},
		"MD5-sess":        {`Digest realm="r", nonce="N", algorithm=MD5-sess, qop="auth"`, "r", "MD5-sess", "auth"},
		"MD5-sess alone":  {`Digest realm="r", nonce="N", algorithm=MD5-sess`, "r", "MD5-sess", ""},
		"SHA-256-sess":    {`Digest realm="r", nonce="N", algorithm=SHA-256-sess, qop="auth"`, "r", "SHA-256-sess", "auth"},
		"a list":          {`Digest realm="r", nonce="N", qop="auth-int, auth"`, "r", "", "auth"},
		"auth-int":        {`Digest realm="r", nonce="N", qop="auth-int"`, "r", "", "auth-int"},
		"empty qop":       {`Digest realm="r", nonce="N", qop=""`, "r", "", ""},
		"no quotes":       {`Digest realm=r of mine, nonce=N, qop=auth`, "r of mine", "", "auth"},
		"no commas":       {`digest realm="r" nonce="N" algorithm=MD5 qop="auth"`, "r", "MD5", "auth"},
		"no scheme":       {`realm="r", nonce="N"`, "r", "", ""},
		"commas within":   {`Digest realm="r,nonce=x", nonce="N"`, `r,nonce=x`, "", ""},
		"two in one":      {`Basic realm="b", Digest realm="r", nonce="N", qop="auth"`, "r", "", "auth"},
		"two":             {"Basic realm=\"b\"\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"N\"", "r", "", ""},
		"the stronger":    {"Digest realm=\"r\", nonce=\"n\"\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"N\", algorithm=SHA-256", "r", "SHA-256", ""},
		"one that is not": {"NTLM\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"n\", algorithm=X\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"N\"", "r", "", ""},
		"unclosed":        {`Digest qop="auth", nonce="N", realm="r`, "r", "", "auth"},
		"Latin-1":         {"Digest realm=\"\xE9\", nonce=\"N\"", "\xE9", "", ""},
		"unusual blanks":  {"Digest  realm = \"r\" ,, nonce\t=\"N\",", "r", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				want := picture(1, 64, 48)
				c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
					switch header := r.Header.Get("Authorization"); {
					case header == "":
						fmt.Fprintf(conn, "HTTP/1.1 401 No\r\nWWW-Authenticate: %s\r\n\r\n", test.challenge)
					case digestRight(r, test.realm, test.algorithm, "N") && paramOf(header, "qop") == test.qop:
						fmt.Fprint(conn, streamHead+part(want))
					default:
						t.Error("wrong answer: ", header)
					}
					return false
				}}
				h := &httpcam.Camera{URL: "http://cam:s%229%3A%C3%B6&@cam/a b?c=d%20e"}
				got, emitted, _ := c.run(t, h, 1)
				same(t, got, [][]byte{want})
				if fact := emitted[0].Facts["login"]; !strings.HasPrefix(fact, "Digest ") {
					t.Errorf("login is said to be %q", fact)
				}
			})
		})
	}
}

// A nonce may be stale when it is used first, and again after some requests.
func TestLoginStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := picture(1, 64, 48)
		issued := 0
		c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
			nonce, stale := fmt.Sprint(issued), "false"
			if r.Header.Get("Authorization") != "" && digestRight(r, "r", "", nonce) {
				if issued == 2 {
					fmt.Fprint(conn, streamHead+part(want))
					return false
				}
				stale = "TRUE"
			}
			issued++
			fmt.Fprintf(conn, "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=r, nonce=%d, qop=auth, stale=%s\r\n\r\n", issued, stale)
			return false
		}}
		got, _, _ := c.run(t, &httpcam.Camera{URL: "http://cam:s%229%3A%C3%B6&@cam/"}, 1)
		same(t, got, [][]byte{want})
		if n := len(c.asked()); n != 3 {
			t.Errorf("%d requests, want 3", n)
		}
	})
}

func TestLoginBasic(t *testing.T) {
	for _, always := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			want := picture(1, 64, 48)
			c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
				name, secret, ok := r.BasicAuth()
				if ok && name == user && secret == password {
					fmt.Fprint(conn, streamHead+part(want))
				} else {
					fmt.Fprint(conn, "HTTP/1.1 401 No\r\nWWW-Authenticate: BASIC\r\n\r\n")
				}
				return false
			}}
			got, _, _ := c.run(t, &httpcam.Camera{URL: "http://cam:s%229%3A%C3%B6&@cam/", Basic: always}, 1)
			same(t, got, [][]byte{want})
			if n := len(c.asked()); n != map[bool]int{false: 2, true: 1}[always] {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// A password that is refused is tried once, and again after 30 s: cameras lock people out.
func TestLoginRefused(t *testing.T) {
	for name, challenge := range map[string]string{
		"Basic":         "WWW-Authenticate: Basic\r\n",
		"Digest":        "WWW-Authenticate: Digest realm=r, nonce=N, qop=auth\r\n",
		"always fresh":  "WWW-Authenticate: Digest realm=r, nonce=FRESH, qop=auth\r\n",
		"always stale":  "WWW-Authenticate: Digest realm=r, nonce=FRESH, qop=auth, stale=true\r\n",
		"unknown":       "WWW-Authenticate: Negotiate\r\n",
		"no challenge":  "",
		"all over":      "WWW-Authenticate: =,=,\",\"\r\nWWW-Authenticate: Basic Digest\r\n",
		"no user given": "",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
					n++
					fmt.Fprint(conn, "HTTP/1.1 401 No\r\n"+strings.ReplaceAll(challenge, "FRESH", fmt.Sprint(n))+"\r\n")
					return false
				}}
				h := &httpcam.Camera{URL: "http://cam:wrong@cam/", DialContext: c.dial}
				if name == "no user given" {
					h.URL = "http://cam/"
				}
				s := stream.New(h, stream.Options{Keep: true})
				time.Sleep(29 * time.Second)
				first := len(c.asked())
				if first < 1 || first > 4 || first > 2 && name != "always stale" {
					t.Errorf("%d requests", first)
				}
				time.Sleep(2 * time.Second)
				if again := len(c.asked()); again != 2*first {
					t.Errorf("%d requests after 31 s, want %d", again, 2*first)
				}
				if said := s.Stats().Error; !strings.Contains(said, "log") || strings.Contains(said, "wrong@") {
					t.Error(said)
				}
				s.Close()
				c.closed(t)
			})
		})
	}
}

// A camera that serves one client, and closes the connection after refusing, is waited for before the next request.
func TestLoginWaitsForTheCameraToClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := picture(1, 64, 48)
		c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
			if r.Header.Get("Authorization") == "" {
				fmt.Fprint(conn, "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nConnection: close\r\n\r\n")
				time.Sleep(300 * time.Millisecond)
			} else {
				fmt.Fprint(conn, streamHead+part(want))
			}
			return false
		}}
		got, _, _ := c.run(t, &httpcam.Camera{URL: "http://cam:s@cam/"}, 1)
		same(t, got, [][]byte{want})
		if c.took != 300*time.Millisecond {
			t.Errorf("it took %v", c.took)
		}
	})
}

// A header that the user sets replaces ours.
func TestHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serving(streamHead + part(picture(1, 8, 8)))
		c.run(t, &httpcam.Camera{Header: http.Header{"user-agent": {"VLC"}, "Host": {"door"}, "X-Key": {"a", "b"}}}, 1)
		r := c.asked()[0]
		if r.Host != "door" || r.UserAgent() != "VLC" || len(r.Header["X-Key"]) != 2 {
			t.Errorf("%s, %v", r.Host, r.Header)
		}
	})
}
