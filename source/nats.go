package source

import (
	"strings"

	"mjpegazer/source/internal/redact"
	"mjpegazer/source/nats"
)

// parseNATS reads a camera that another machine publishes: nats://HOST,HOST/NAME.
func parseNATS(address string, s *Spec, o *options, d Defaults) (err error) {
	if !nats.Built {
		return nats.ErrMissing
	}
	if d.rewrite != nil {
		if address, err = d.rewrite(address); err != nil {
			return err
		}
		s.Display = displayNATS(address)
	}
	scheme, rest, _ := strings.Cut(address, "://")
	hosts, name, _ := strings.Cut(rest, "/")
	c := &nats.Camera{Name: name, Instance: d.Instance, Connections: d.NATS, Log: d.Log}
	c.Servers.Address = scheme + "://" + hosts
	parseServers(o, &c.Servers, d)
	s.Source, s.NATS = c, true
	return c.CheckAddress()
}

// parseServers reads the options of NATS servers.
func parseServers(o *options, s *nats.Servers, d Defaults) {
	o.text("creds", &s.Creds)
	o.text("nkey", &s.NKey)
	o.text("ca", &s.CA)
	o.text("root", &s.Root)
	s.Creds, s.NKey, s.CA = d.below(s.Creds), d.below(s.NKey), d.below(s.CA)
}

func displayNATS(address string) string { return redact.Printable(nats.Display(address)) }

// Publisher reads the address of NATS servers that cameras are to be published to, nats://HOST,HOST, and its options. It opens
// nothing. An error holds no secrets.
func (d Defaults) Publisher(text string) (*nats.Publisher, error) {
	if !nats.Built {
		return nil, nats.ErrMissing
	}
	address, fragment := cutOptions(text)
	o, err := parseOptions(fragment)
	if err != nil {
		return nil, err
	}
	p := &nats.Publisher{Instance: d.Instance, Connections: d.NATS, Log: d.Log}
	p.Servers.Address = address
	parseServers(o, &p.Servers, d)
	if err := o.finish(); err != nil {
		return nil, err
	}
	return p, p.Servers.CheckAddress()
}
