package note

import (
	"fmt"
	"strings"
)

// A Tag is one of a site's tags.
type Tag struct {
	Slug, Title string
	Count       int
}

// Tags checks the tags of a new note against those of the site: one that is
// there in another spelling is written as the site does, a repeat is left out,
// and what is said of the rest names those that were perhaps meant. slug is the
// identity of a tag, and near finds a slug that is nearly another.
func Tags(given []string, known []Tag, slug func(string) string, near func(string, []string) string) (tags, said []string) {
	titles := make(map[string]Tag)
	var slugs []string
	for _, k := range known {
		titles[k.Slug] = k
		slugs = append(slugs, k.Slug)
	}
	seen := make(map[string]bool)
	tags = []string{}
	for _, g := range given {
		g = strings.Join(strings.Fields(g), " ")
		if g == "" {
			continue
		}
		s := slug(g)
		if seen[s] {
			said = append(said, fmt.Sprintf("the tag %q is named twice", g))
			continue
		}
		seen[s] = true
		k, ok := titles[s]
		switch {
		case ok && k.Title != g:
			said = append(said, fmt.Sprintf("the tag %q is written %q here", g, k.Title))
			g = k.Title
		case !ok:
			if n := titles[near(s, slugs)]; n.Title != "" {
				said = append(said, fmt.Sprintf("no post has the tag %q yet; %s %q", g, posts(n.Count), n.Title))
			} else if len(known) > 0 {
				said = append(said, fmt.Sprintf("no post has the tag %q yet", g))
			}
		}
		tags = append(tags, g)
	}
	return tags, said
}

func posts(n int) string {
	if n == 1 {
		return "one post has"
	}
	return fmt.Sprintf("%d posts have", n)
}
