package source_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"mjpegazer/source"
	"mjpegazer/source/httpcam"
	"mjpegazer/source/pipe"
)

// FuzzSecrets puts a canary into the places of SOURCE strings where secrets stand, among anything: neither what is shown of the
// string nor an error of Parse holds it.
func FuzzSecrets(f *testing.F) {
	const canary = "canary"
	for _, text := range []string{"", "/", "?", "#", "%", "@", ":", "&", "#stall=1m", "p@ss/", "1234/", "@[fe80::1%", "\\", "'", "\" ", "\r\n", "%zz", "=", "é"} {
		f.Add(text, text, "admin", "cam.example:80/v?a=b#insecure")
		f.Add("a"+text, text+"b", "a"+text, "[::1]/v")
	}
	f.Fuzz(func(t *testing.T, before, after, user, host string) {
		if strings.Contains(before+after+user+host, "://") || strings.HasPrefix(after, "//") || strings.Contains(before, "exec:") {
			t.Skip("the address in an address of a proxy, whose @ is its own")
		}
		if _, err := httpcam.ParseURL("http://" + host); err != nil {
			t.Skip("no host")
		}
		secret := before + canary + after
		for _, text := range []string{
			"http://" + user + ":" + secret + "@" + host,
			"http://u:" + url.QueryEscape(secret) + "@" + host,
			"https://cam/v?password=" + secret,
			"https://cam/v?" + url.QueryEscape(secret),
			"https://cam/token/" + url.PathEscape(secret) + "/v",
			"https://cam/v#header=X-Key:" + secret,
			"https://cam/v#body=" + secret,
			"https://cam/v#stall=" + secret + "&pin=" + secret,
			"https://cam/v#" + secret,
			"exec:ffmpeg " + secret,
			"exec:ffmpeg -i rtsp://" + user + ":" + secret + "@" + host + " -",
			"pattern:" + secret,
			"webcam://0#" + secret + "=1&brightness=" + secret,
			"file:x#fps=" + strings.ReplaceAll(secret, "#", "") + "&" + strings.ReplaceAll(secret, "#", ""),
			"gopher://" + secret,
			"u:" + secret + "@cam/v",
		} {
			if startsOther(text) {
				continue
			}
			name, rest, _ := source.SplitName(text)
			if strings.Contains(name, canary) {
				continue // the name of a camera
			}
			spec, err := source.Parse(rest, source.Defaults{})
			for _, shown := range []string{source.Display(rest), spec.Display, fmt.Sprint(err)} {
				if strings.Contains(shown, canary) {
					t.Errorf("%q shows %q", text, shown)
				}
			}
		}
	})
}

// startsOther reports whether a command has become another one, whose name is shown.
func startsOther(text string) bool {
	args, err := pipe.SplitCommand(strings.TrimPrefix(text, "exec:"))
	return err == nil && strings.HasPrefix(text, "exec:") && args[0] != "ffmpeg"
}
