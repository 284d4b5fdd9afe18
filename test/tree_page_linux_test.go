package test

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"mjpegazer/test/browser"
)

// jsLive says that the page's first camera is live and has shown pictures.
const jsLive = `(document.querySelector('.camera')?.dataset.state === 'live' && document.querySelector('.camera').dataset.drawn > 3)`

// TestTreePage has a browser look at a camera's page, which it opened at HAProxy, while the node that it was sent to dies or hangs: the
// page goes back, and is live at the other node, with the same query, and let in by the same token.
func TestTreePage(t *testing.T) {
	t.Parallel()
	for _, kind := range browser.Kinds {
		for _, test := range []struct {
			name     string
			signal   syscall.Signal
			promised time.Duration
			token    string
			hash     string
		}{
			{"killed", syscall.SIGKILL, 2 * time.Second, secretToken, "#door"},
			{"frozen", syscall.SIGSTOP, 3500 * ms, "", "#door"},
		} {
			t.Run(string(kind)+" "+test.name, func(t *testing.T) {
				t.Parallel()
				page := browser.Open(t, kind)
				origin := heartbeats(t, "door=pattern:#width=160&height=120&fps=20")
				args := []string{"-external-url=FRONT", fmt.Sprintf("*=%s/*/live#idle=%v", origin.url, treeIdle)}
				query := "?bare&columns=1"
				if test.token != "" {
					args = append(args, "-token", writeFile(t, "token", test.token, 0o600))
					query += "&token=" + test.token
				}
				front, nodes := placing(t, 2, []string{"    server node3 node3:5000 redir http://node3:5000\n", ""}, args...)
				page.Go(front + "/door/" + query + test.hash)
				page.Want(jsLive, "true")
				first := page.Eval("location.origin")
				if nodes[first] == nil {
					t.Fatalf("the page is at %s", first)
				}
				nodes[first].cmd.Process.Signal(test.signal)
				t.Cleanup(func() { nodes[first].cmd.Process.Kill() })
				begun := time.Now()
				page.WantWithin(fmt.Sprintf(`location.origin !== %q && %s`, first, jsLive), "true", 5*test.promised)
				t.Logf("live again after %v ", time.Since(begun).Round(ms))
				at := regexp.MustCompile(`&token=[0-9a-f]*`).ReplaceAllString(page.Eval("location.href"), "")
				if nodes[page.Eval("location.origin")] == nil || !strings.HasSuffix(at, "/door/?bare=&columns=1"+test.hash) {
					t.Errorf("the page is at %s", at)
				}
			})
		}
	}
}
