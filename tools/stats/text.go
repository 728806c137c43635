package stats

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteText writes the figures for people.
func (s *Site) WriteText(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "posts\t%d\twords\t%d\tof the middle one\t%d\n", s.Posts, s.Words, s.Median)
	fmt.Fprintf(w, "pages\t%d\tleft out\t%d\t\t\n", s.Pages, s.Drafts)
	if err := w.Flush(); err != nil {
		return err
	}
	section := func(title string, n int) *tabwriter.Writer {
		if n == 0 {
			return nil
		}
		fmt.Fprintf(out, "\n%s\n", title)
		return tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	}
	flush := func(w *tabwriter.Writer) error {
		if w == nil {
			return nil
		}
		return w.Flush()
	}
	w = section("posts by year", len(s.Years))
	for _, y := range s.Years {
		year := fmt.Sprint(y.Year)
		if y.Year == 0 {
			year = "no date"
		}
		fmt.Fprintf(w, "  %s\t%d\t%d words\n", year, y.Posts, y.Words)
	}
	if err := flush(w); err != nil {
		return err
	}
	w = section("tags, and those beside them", len(s.Tags))
	for _, t := range s.Tags {
		var with []string
		for _, n := range t.With {
			with = append(with, fmt.Sprintf("%s %d", n.Title, n.Posts))
		}
		fmt.Fprintf(w, "  %s\t%d\t%s\n", t.Title, t.Posts, strings.Join(with, ", "))
	}
	if err := flush(w); err != nil {
		return err
	}
	w = section("longest posts", len(s.Long))
	for _, p := range s.Long {
		fmt.Fprintf(w, "  %d words\t%s\n", p.Words, p.File)
	}
	if err := flush(w); err != nil {
		return err
	}
	if l := s.Links; l.Asked > 0 {
		fmt.Fprintf(out, "\noutside links: %d asked, %d broken, %d moved, %d asked too long ago (the first on %s)\n",
			l.Asked, len(l.Broken), len(l.Moved), l.Old, l.Oldest.UTC().Format("2006-01-02"))
		for _, link := range append(append([]Link{}, l.Broken...), l.Moved...) {
			fmt.Fprintf(out, "  %s: %s, on %s", link.URL, link.Why, link.Asked)
			if len(link.Files) > 0 {
				fmt.Fprintf(out, " (%s)", strings.Join(link.Files, ", "))
			}
			fmt.Fprintln(out)
		}
	}
	for _, list := range []struct {
		title string
		files []File
	}{{"largest pages", s.Large}, {"largest images", s.Images}} {
		w = section(list.title, len(list.files))
		for _, f := range list.files {
			fmt.Fprintf(w, "  %.1f kB\t%s\n", float64(f.Bytes)/1000, f.Path)
		}
		if err := flush(w); err != nil {
			return err
		}
	}
	w = section("slowest pages: their text, code and pictures", len(s.Slow))
	for _, t := range s.Slow {
		fmt.Fprintf(w, "  %.1f ms\t%s\n", t.Milliseconds, t.File)
	}
	return flush(w)
}
