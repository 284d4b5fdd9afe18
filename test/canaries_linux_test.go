package test

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mjpegazer/stream/streamtest"
)

// An aviary makes canaries, words that are secrets and like no other words, and looks for them.
type aviary struct {
	words  map[string]string // where each stands, by the word
	parts  map[string]bool
	random *rand.Rand
}

// canary returns a new word, which has no part in common with the others.
func (a *aviary) canary(place string) string {
	if a.words == nil {
		a.words, a.parts, a.random = map[string]string{}, map[string]bool{}, rand.New(rand.NewPCG(1, 2))
	}
	const consonants, vowels = "bdfgkmpvz", "aiou"
	for {
		word := ""
		for len(word) < 10 {
			n := a.random.Uint64()
			word += string(consonants[n%9]) + string(vowels[n/9%4])
		}
		parts := slices.Concat(partsOf(word), partsOf(reverse(word)))
		if slices.ContainsFunc(parts, func(part string) bool { return a.parts[part] }) {
			continue
		}
		for _, part := range parts {
			a.parts[part] = true
		}
		a.words[word] = place
		return word
	}
}

// partsOf are the parts of a word that give it away.
func partsOf(word string) (parts []string) {
	for i := 0; i+leastOfCanary <= len(word); i++ {
		parts = append(parts, word[i:i+leastOfCanary])
	}
	return parts
}

// leastOfCanary is how many letters of a canary give it away.
const leastOfCanary = 6

// look finds parts of canaries in a text, in any form in which they can be written.
func (a *aviary) look(t *testing.T, where, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	for word, place := range a.words {
		for _, piece := range partsOf(word) {
			for form, part := range formsOf(piece) {
				in := lower
				if strings.HasPrefix(form, "base64") {
					in = text
				}
				if at := strings.Index(in, part); at >= 0 {
					t.Errorf("%s: the canary %s (%s), %s: …%s…", where, word, place, form, text[max(0, at-200):min(len(text), at+100)])
					return
				}
			}
		}
	}
}

// formsOf are the ways to write a part of a word.
func formsOf(part string) map[string]string {
	percent, escaped, codes := "", "", ""
	for i := range len(part) {
		percent += fmt.Sprintf("%%%02x", part[i])
		escaped += fmt.Sprintf(`\u%04x`, part[i])
		codes += fmt.Sprintf("&#%d;", part[i])
	}
	forms := map[string]string{
		"plain": part, "percent": percent, "percent twice": strings.ReplaceAll(percent, "%", "%25"), "JSON": escaped, "HTML": codes, "hex": hex.EncodeToString([]byte(part)),
		"reversed": reverse(part),
	}
	for before := range 3 { // those digits alone that no other byte has a share in
		digits := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), part...))
		from, to := (before*8+5)/6, (before+len(part))*8/6
		forms[fmt.Sprint("base64, ", before)] = digits[from:to]
	}
	return forms
}

func reverse(text string) string {
	b := []byte(text)
	for i := range len(b) / 2 {
		b[i], b[len(b)-1-i] = b[len(b)-1-i], b[i]
	}
	return string(b)
}

// TestCanaries would find a canary in each of its forms.
func TestCanaries(t *testing.T) {
	var a aviary
	for i := range 400 {
		a.canary(strconv.Itoa(i))
	}
	for word := range a.words {
		for form, text := range map[string]string{
			"plain": "x" + word[2:], "upper": strings.ToUpper(word), "percent": url.QueryEscape("/" + word), "base64": base64.StdEncoding.EncodeToString([]byte("bob:" + word)),
			"base64 URL": base64.RawURLEncoding.EncodeToString([]byte("bo:" + word + "??")), "hex": hex.EncodeToString([]byte(word)),
		} {
			found := false
			for _, piece := range partsOf(word) {
				for _, part := range formsOf(piece) {
					found = found || strings.Contains(strings.ToLower(text), part) || strings.Contains(text, part)
				}
			}
			if !found {
				t.Errorf("%s, %s: %s is not found", word, form, text)
			}
		}
	}
}

// newTalkativeCamera tells all that it was asked in all places of its answers, and fails in the way that the first
// element of the path says.
func newTalkativeCamera(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				talk(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// talk answers one request. Errors mean that the client has left.
func talk(conn net.Conn) {
	r := textproto.NewReader(bufio.NewReader(conn))
	line, err := r.ReadLine()
	if err != nil {
		return
	}
	header, _ := r.ReadMIMEHeader()
	length, _ := strconv.Atoi(header.Get("Content-Length"))
	body := make([]byte, length)
	io.ReadFull(r.R, body)
	said := line + " " + fmt.Sprint(http.Header(header)) + " " + string(body)
	if _, login, ok := strings.Cut(header.Get("Authorization"), "Basic "); ok {
		plain, _ := base64.StdEncoding.DecodeString(login)
		said += " " + string(plain) + " " + hex.EncodeToString(plain) + " " + url.QueryEscape(string(plain))
	}
	said = strings.NewReplacer("\r", " ", "\n", " ").Replace(said)
	short := said[:min(len(said), 300)]
	target := strings.Fields(line + " / /")[1]
	way, _, _ := strings.Cut(strings.TrimPrefix(target, "/"), "/")
	way, _, _ = strings.Cut(way, "?")
	say := func(status, more, body string) {
		fmt.Fprintf(conn, "HTTP/1.1 %s\r\nServer: %s\r\nX-Said: %s\r\n%sContent-Length: %d\r\n\r\n%s", status, short, said, more, len(body), body)
	}
	picture := streamtest.Picture(1)
	switch way {
	case "hangup":
	case "basic":
		say("401 "+short, "WWW-Authenticate: Basic realm=\""+short+"\"\r\n", said)
	case "digest":
		say("401 "+short, "WWW-Authenticate: Digest realm=\""+short+"\", nonce=\"1\", qop=\"auth\"\r\n", said)
	case "forbidden":
		say("403 "+short, "Content-Type: text/plain\r\n", said)
	case "missing":
		say("404 "+short, "Content-Type: text/html\r\n", "<title>"+said+"</title>")
	case "busy":
		say("503 "+short, "Retry-After: 120\r\n", said)
	case "odd":
		say("999 "+said, "", said)
	case "moved":
		say("302 "+short, "Location: http://bob:"+short+"@other.invalid/"+url.PathEscape(said)+"?"+said+"\r\n", said)
	case "astray":
		say("302 "+short, "Location: http://["+said+"\r\n", said)
	case "page":
		say("200 "+short, "Content-Type: text/html; x="+short+"\r\n", "<title>"+said+"</title><form action=login>"+said)
	case "text":
		say("200 OK", "Content-Type: image/jpeg\r\n", said)
	case "stream":
		say("200 OK", "Content-Type: multipart/x-mixed-replace; boundary="+short+"\r\n", "--x\r\nContent-Type: text/"+short+"\r\n\r\n"+said+"\r\n--x--\r\n")
	case "wild":
		fmt.Fprintf(conn, "%s\r\n%s\r\n\r\n%s", said, said, said)
	case "endless":
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%s", strings.Repeat("X: "+said+"\r\n", 1000))
	default: // it works, and talks all the same
		say("200 "+short, "Content-Type: image/jpeg; x="+short+"\r\nSet-Cookie: sid="+url.QueryEscape(short)+"\r\n", string(picture))
	}
}

var talkativeWays = []string{"hangup", "basic", "digest", "forbidden", "missing", "busy", "odd", "moved", "astray", "page", "text", "stream", "wild", "endless", "works"}
