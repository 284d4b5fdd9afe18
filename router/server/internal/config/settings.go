package config

import (
	"errors"
	"flag"
	"net/url"
	"strings"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/source/nats"
)

// limitSettings say how much viewers may have.
type limitSettings struct {
	Heartbeat        time.Duration
	Viewers          int // of all cameras
	ViewersPerCamera int
	Rate             size // bytes a second for each viewer
	Cameras          int  // made when they are asked for
	Connections      int  // of clients; 0: as many as the limit of open files allows
}

func (l *limitSettings) define(f *flag.FlagSet) {
	f.DurationVar(&l.Heartbeat, "heartbeat", router.DefaultHeartbeat, "repeat the last picture after this long without one, so that proxies keep the connection open; 0 turns this off")
	f.IntVar(&l.Viewers, "max-viewers", 0, "`number` of viewers allowed at a time; 0 is no limit")
	f.IntVar(&l.ViewersPerCamera, "max-viewers-per-camera", 0, "`number` of viewers of one camera allowed at a time; 0 is no limit")
	f.IntVar(&l.Cameras, "max-cameras", 1000, "`number` of cameras of *=SOURCE at a time")
	f.IntVar(&l.Connections, "max-connections", 0, "`number` of connections allowed at a time, viewers or not; 0 is as many as the limit of open files allows")
	f.Var(&l.Rate, "max-rate", "send each viewer at most this `size` a second, by leaving out pictures; 0 is no limit")
}

func checkRate(rate size) error {
	if rate != 0 && rate < 1024 {
		return errors.New("no picture is smaller than 1KiB; 0 is no limit")
	}
	return nil
}

// publishSettings say which other machines get the cameras.
type publishSettings struct {
	Servers string // of NATS, with their options; "": none
	Rank    int
}

func (p *publishSettings) define(f *flag.FlagSet) {
	note := ""
	if !nats.Built {
		note = " (" + nats.ErrMissing.Error() + ")"
	}
	f.StringVar(&p.Servers, "publish", "", "publish the cameras for other machines by the NATS `servers` at nats://HOST,HOST,…"+note)
	f.IntVar(&p.Rank, "publish-rank", 0, "`number` of machines that come first, where several publish cameras of the same names")
}

// accessSettings say who may watch, and by which way.
type accessSettings struct {
	CertFile, KeyFile    string
	HTTP2                bool
	UsersFile, TokenFile string
	LinkKeyFile          string
	Anonymous            list              // cameras
	Tokens               map[string]string // files of named tokens, by their names
	Hosts, Origins       list
	Proxies              list
	Public               bool
	ExternalURL          string // of the page, where something else redirects viewers to it; "": it is here
}

func (a *accessSettings) define(f *flag.FlagSet) {
	f.StringVar(&a.CertFile, "tls-cert", "", "serve HTTPS with the certificate in this `file` (PEM), which is reloaded when it changes")
	f.StringVar(&a.KeyFile, "tls-key", "", "`file` with the certificate's private key (PEM)")
	f.BoolVar(&a.HTTP2, "http2", false, "offer HTTP/2 to browsers over HTTPS: for pages of your own with more than six streams, at three times the cost")
	f.StringVar(&a.UsersFile, "users", "", "`file` of users allowed to watch, as htpasswd -B writes it")
	f.StringVar(&a.TokenFile, "token", "", "`file` with a token that grants access, sent as a bearer token or as ?token=")
	f.StringVar(&a.LinkKeyFile, "link-key", "", "`file` with the secret of links that show one camera to anybody for some time (see mjpegazer link -h)")
	f.Var(&a.Anonymous, "anonymous", "`cameras` that need no login where others do")
	f.Var(&a.Hosts, "allowed-hosts", "host `names` that the server answers to, besides localhost and IP addresses")
	f.Var(&a.Origins, "cors", "`origins` whose pages may read the pictures, such as https://example.com, or *")
	f.Var(&a.Proxies, "trusted-proxy", "`addresses` or networks of proxies, or unix, whose X-Forwarded-For and Forwarded headers are trusted")
	f.StringVar(&a.ExternalURL, "external-url", "", "`address` that redirects viewers to this server and others, such as http://cameras.example/: the page goes back to it when this server is away")
	f.BoolVar(&a.Public, "public", false, "confirm that anyone may watch, and do not warn about it")
}

func (a *accessSettings) checkOrigins() error {
	for _, origin := range a.Origins.Values {
		if err := access.CheckOrigin(origin); err != nil {
			return err
		}
	}
	return nil
}

// checkExternalURL gives the address the slash at its end.
func (a *accessSettings) checkExternalURL() (err error) {
	if a.ExternalURL != "" {
		a.ExternalURL, err = PageAddress(a.ExternalURL)
	}
	return err
}

// PageAddress checks the address of the page of all cameras, and returns it with a slash at its end. The error does not repeat it:
// it may hold a password.
func PageAddress(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(text, "?#") {
		return "", errors.New("the address is http:// or https://, a host and maybe a path, such as https://cameras.example/cams/, and no more")
	}
	return strings.TrimSuffix(u.String(), "/") + "/", nil
}

func (a *accessSettings) checkProxies() error {
	_, err := access.ParseProxies(a.Proxies.Values)
	return err
}
