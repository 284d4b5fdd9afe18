package server

import (
	"mjpegazer/router/server/internal/config"
	"mjpegazer/source"
	"mjpegazer/source/nats"
)

// publish shows the cameras to other machines, as the configuration says, which was checked; before is the one until now. Those that
// other machines publish themselves are not among them.
func (p *program) publish(before *config.Config) {
	c := p.config
	if p.publisher != nil && (before.Publish != c.Publish || before.PublishDefaults().Directory != c.PublishDefaults().Directory) {
		old := p.publisher
		p.publisher = nil
		p.closing.Go(old.Close)
	}
	if c.Publish.Servers == "" {
		return
	}
	if p.publisher == nil {
		defaults := c.PublishDefaults()
		defaults.Log, defaults.NATS = p.log.Logger, p.shared.nats
		p.publisher, _ = defaults.Publisher(c.Publish.Servers)
		p.publisher.Rank = c.Publish.Rank
		p.log.Info("publishing the cameras for other machines", "servers", source.Display(c.Publish.Servers), "rank", c.Publish.Rank)
	}
	var published []nats.Published
	for _, c := range p.cameras {
		if !c.nats {
			published = append(published, nats.Published{Name: c.Name, Title: c.Title, VariantOf: c.VariantOf, Stream: c.stream})
		}
	}
	p.publisher.Publish(published)
}

// checkPublish says what is wrong with the files that -publish names.
func checkPublish(c *config.Config) error {
	if c.Publish.Servers == "" {
		return nil
	}
	p, err := c.PublishDefaults().Publisher(c.Publish.Servers)
	if err == nil {
		err = p.Servers.Check()
	}
	if err != nil {
		return c.Fault("publish", err)
	}
	return nil
}

// unpublish ends that.
func (p *program) unpublish() {
	if p.publisher != nil {
		p.publisher.Close()
	}
}
