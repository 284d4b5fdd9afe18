// Package builds the program for every system and packs it: archives, Debian, RPM and Alpine packages, a container image, an
// SBOM and their checksums. The script .ci/release, beside its folder, calls it with everything that the result depends on.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// A release is what all of its files have in common.
type release struct {
	version, commit string
	time            time.Time // all that is dated bears it
	out             string    // the directory of what is given to people, an absolute path
	work            string    // the directory of all else: what they are made of
}

func main() {
	var r release
	flag.StringVar(&r.version, "version", "", "the release's version, without v")
	flag.StringVar(&r.commit, "commit", "", "the commit that it is made from")
	flag.StringVar(&r.out, "out", "", "the directory for its files")
	flag.Parse()
	if err := r.make(); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// make makes everything. Its steps follow each other where one needs what another has made.
func (r *release) make() error {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	r.time = time.Unix(seconds, 0).UTC()
	if r.work, err = os.MkdirTemp("", "mjpegazer-release-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.work)

	if err := r.collect(); err != nil {
		return err
	}
	var steps []func() error
	for _, t := range targets {
		steps = append(steps, func() error { return r.build(t) })
	}
	if err := atOnce(append(steps, r.installNfpm)); err != nil {
		return err
	}
	modules, err := r.modules()
	if err != nil {
		return err
	}
	if err := atOnce([]func() error{
		func() error { return r.licenses(modules) },
		func() error { return r.bom(modules) },
		r.texts,
	}); err != nil {
		return err
	}
	steps = []func() error{r.image}
	for _, t := range targets {
		steps = append(steps, func() error { return r.archive(t) })
		for _, format := range t.packages {
			steps = append(steps, func() error { return r.pack(t, format) })
		}
	}
	if err := atOnce(steps); err != nil {
		return err
	}
	return r.sums()
}

// atOnce runs steps that do not need each other, as many at a time as there are processors. It returns the error of the first,
// in their order, that fails.
func atOnce(steps []func() error) error {
	var all sync.WaitGroup
	errs := make([]error, len(steps))
	free := make(chan struct{}, runtime.NumCPU())
	for i, step := range steps {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			errs[i] = step()
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
