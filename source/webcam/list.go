package webcam

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"

	"mjpegazer/source/v4l2"
)

const usage = `usage: mjpegazer webcams [-json]

lists the cameras of this machine: the SOURCE of each, what it sends, and the controls that can be set.
`

// Main is the program's command webcams: it lists the cameras of this machine, for people or, with -json, for programs. It
// returns the exit status.
func Main(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("webcams", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	asJSON := flags.Bool("json", false, "for programs")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err != nil || flags.NArg() > 0:
		fmt.Fprint(stderr, usage)
		return 2
	}
	cameras, err := v4l2.Nodes()
	if err != nil {
		fmt.Fprintln(stderr, "mjpegazer:", err)
		return 1
	}
	for i := range cameras {
		cameras[i].Describe()
	}
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		err = e.Encode(append([]v4l2.Node{}, cameras...)) // an empty list is one too
	} else {
		err = printCameras(stdout, cameras)
	}
	if err != nil {
		fmt.Fprintln(stderr, "mjpegazer:", err)
		return 1
	}
	return 0
}

func printCameras(w io.Writer, cameras []v4l2.Node) error {
	if len(cameras) == 0 {
		_, err := fmt.Fprintln(w, "no camera is plugged in")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for i, c := range cameras {
		if i > 0 {
			fmt.Fprintln(table)
		}
		fmt.Fprintf(table, "%s: %s\n", c.Path, c.Name)
		if c.Trouble != "" {
			fmt.Fprintf(table, "  trouble\t%s\n", c.Trouble)
		}
		fmt.Fprintf(table, "  source\t%s\n", "webcam://"+strings.TrimPrefix(c.Path, "/dev/video"))
		if c.ID != "" {
			fmt.Fprintf(table, "  \t%s\n", "webcam://by-id/"+url.PathEscape(c.ID))
		}
		fmt.Fprintf(table, "  bus\t%s\n", c.Bus)
		fmt.Fprintf(table, "  driver\t%s\n", c.Driver)
		printFormats(table, c.Formats)
		printControls(table, c.Controls)
	}
	return table.Flush()
}

func printFormats(w io.Writer, formats []v4l2.Format) {
	title := "formats"
	var others []string // of which there can be dozens
	var last []v4l2.Size
	for _, f := range formats {
		if formatRank(f.FourCC) < 0 {
			others = append(others, f.FourCC.String())
			continue
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", title, f.FourCC, f.Description)
		title = ""
		if last != nil && slices.EqualFunc(last, f.Sizes, func(a, b v4l2.Size) bool { return a.String() == b.String() }) {
			fmt.Fprintf(w, "  \t\t  the same sizes\n")
			continue
		}
		last = f.Sizes
		for _, s := range f.Sizes {
			fmt.Fprintf(w, "  \t\t  %s\n", s)
		}
	}
	if len(others) > 0 {
		fmt.Fprintf(w, "  not shown\t%s\n", strings.Join(others, " "))
	}
}

func printControls(w io.Writer, controls []v4l2.Control) {
	title := "controls"
	for _, c := range controls {
		value := fmt.Sprintf("%s=%d", c.Name, c.Value)
		switch c.Type {
		case v4l2.Button:
			value = c.Name
		case v4l2.Bitmask:
			value = fmt.Sprintf("%s=%#x", c.Name, uint32(c.Value))
		}
		notes := []string{c.Range()}
		if c.ReadOnly {
			notes = append(notes, "cannot be set")
		}
		if c.Inactive {
			notes = append(notes, "has no effect now")
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", title, value, strings.Join(notes, "; "))
		title = ""
	}
}
