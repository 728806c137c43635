package plugins

import (
	"cmp"
	"fmt"
	"slices"

	"duskpress/tools/pipeline"
)

// tagUses are the tags of one file, for whoever asks why one has another title
// or has gone.
func tagUses(content *pipeline.Content, groups []*tagGroup, repeats []pipeline.TagUse) []pipeline.TagUse {
	list := slices.Clone(repeats)
	for _, g := range groups {
		if g.language != content.Language {
			continue
		}
		for i := range list {
			if list[i].Slug == g.slug {
				list[i].Title = g.title
			}
		}
		for _, u := range g.uses {
			if u.content != content {
				continue
			}
			use := pipeline.TagUse{Place: u.at, Written: u.spelling, Slug: g.slug, Title: g.title}
			switch {
			case u.spelling == g.title:
			case g.title != g.spelling:
				use.Why = fmt.Sprintf("the page of the tag is titled %q", g.title)
			default:
				use.Why = "it is spelt so" + because(g)
			}
			list = append(list, use)
		}
	}
	slices.SortFunc(list, func(a, b pipeline.TagUse) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Written, b.Written))
	})
	return list
}
