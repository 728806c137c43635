package plugins

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"duskpress/tools/pipeline"
)

// reportNear reports a tag that stands in one post alone and is, but for a
// letter or a plural, one that others have. Tags that have a page of their own,
// or that the configuration names, are meant.
func (t *tagSet) reportNear(groups []*tagGroup, meant func(*tagGroup) bool, problems *pipeline.Problems) {
	slices.SortFunc(groups, func(a, b *tagGroup) int {
		return cmp.Or(cmp.Compare(len(b.uses), len(a.uses)), cmp.Compare(a.slug, b.slug))
	})
	for i, g := range groups {
		if len(g.uses) != 1 || meant(g) {
			continue
		}
		for _, other := range groups[:i] {
			if other.language != g.language || !nearTags(g.slug, other.slug) {
				continue
			}
			u := g.uses[0]
			page := fmt.Sprintf("or give this tag a page of its own, content/tags/%s/_index.md", g.slug)
			message := fmt.Sprintf("no other post has the tag %q, and %d have %q", u.spelling, len(other.uses), other.title)
			hint := fmt.Sprintf("write %q, %s", other.title, page)
			if len(other.uses) == 1 {
				message = fmt.Sprintf("the tag %q is nearly %q, which one other post has", u.spelling, other.title)
				hint = "write both alike, " + page
			}
			problems.Add(u.content.Problem(u.at, pipeline.Warning, "tag-near", message, hint))
			break
		}
	}
}

// nearTags reports whether two slugs differ by a plural or, in longer words, by
// one letter. Numbers tell versions apart.
func nearTags(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) >= 3 && (b == a+"s" || b == a+"es" || strings.HasSuffix(a, "y") && b == a[:len(a)-1]+"ies") {
		return true
	}
	x, y := []rune(a), []rune(b)
	if len(x) < 6 || len(y)-len(x) > 1 || x[0] != y[0] {
		return false
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	j := 0
	for j < len(x)-i && x[len(x)-1-j] == y[len(y)-1-j] {
		j++
	}
	// What is left between the common beginning and the common end.
	restX, restY := x[i:len(x)-j], y[i:len(y)-j]
	for _, r := range append(slices.Clone(restX), restY...) {
		if unicode.IsDigit(r) || r == '-' {
			return false
		}
	}
	return len(restX) <= 1 && len(restY) <= 1 || len(restX) == 2 && len(restY) == 2 && restX[0] == restY[1] && restX[1] == restY[0]
}
