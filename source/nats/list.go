//go:build nats

package nats

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"mjpegazer/stream"
)

const (
	listTime  = time.Second            // for the first answer to who asks for the cameras
	listPause = 300 * time.Millisecond // after an answer, for the next
	listPart  = 200                    // cameras in an answer, of which there may be several
	listMost  = 1000                   // answers
)

// names is the subject on which edges are asked for their cameras.
func (s Servers) names() string { return cmp.Or(s.Root, defaultRoot) + ".names" }

// tell answers a program that asks which cameras this edge has.
func (p *Publisher) tell(l *link, question *nats.Msg, id string) {
	p.mu.Lock()
	cameras := p.cameras
	p.mu.Unlock()
	for part := range slices.Chunk(cameras, listPart) {
		list := make([]Listing, len(part))
		for i, c := range part {
			list[i] = Listing{c.Name, c.Title, c.VariantOf}
		}
		text, _ := json.Marshal(list) // which is text alone
		l.send(&nats.Msg{Subject: question.Reply, Header: nats.Header{headerEdge: {id}, headerRank: {strconv.Itoa(p.Rank)}}, Data: text})
	}
}

// List asks the edges which cameras they have. They are in the order of each edge, those of lower ranks first. Where no edge is there
// it is empty; an error is that nobody has answered.
func (c *Camera) List(ctx context.Context) ([]Listing, error) {
	l, done, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	answers, inbox := make(chan *nats.Msg, queue), l.conn.NewInbox()
	s, err := l.conn.ChanSubscribe(inbox, answers)
	if err != nil {
		return nil, c.Servers.explain(err)
	}
	defer s.Unsubscribe()
	if err := l.send(&nats.Msg{Subject: c.Servers.names(), Reply: inbox}); err != nil {
		return nil, c.Servers.explain(err)
	}
	all, err := collect(ctx, answers)
	return merge(all, c.Instance), err
}

// An answer is what one edge says, or a part of that.
type answer struct {
	rank    int
	edge    string
	cameras []Listing
}

// collect reads answers until no more come.
func collect(ctx context.Context, from <-chan *nats.Msg) (all []answer, err error) {
	timer := time.NewTimer(listTime)
	defer timer.Stop()
	err = stream.FailedStall.Of(errors.New("no edge says which cameras it has"))
	for len(all) < listMost {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return all, err
		case m := <-from:
			if m.Header.Get(headerStatus) == "503" { // there are no edges
				return nil, nil
			}
			a := answer{edge: m.Header.Get(headerEdge)}
			a.rank, _ = strconv.Atoi(m.Header.Get(headerRank))
			if json.Unmarshal(m.Data, &a.cameras) == nil {
				all, err = append(all, a), nil
			}
			timer.Reset(listPause)
		}
	}
	return all, err
}

// merge makes one list of answers, without those of this program itself.
func merge(all []answer, own string) (list []Listing) {
	slices.SortStableFunc(all, func(a, b answer) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.edge, b.edge))
	})
	known := map[string]bool{}
	for _, a := range all {
		for _, c := range a.cameras {
			if (own == "" || a.edge != own) && !known[c.Name] {
				known[c.Name] = true
				list = append(list, c)
			}
		}
	}
	return list
}
