package linkcheck

import (
	"path"
	"slices"
	"strings"

	"duskpress/tools/pipeline"
)

// Nearest is the path of the file that was probably meant by one that is not
// there, as it would be asked for, or nothing.
func (s *Site) Nearest(missing string) string {
	want := strings.Trim(missing, "/")
	dir, last := path.Split(want)
	isPage := strings.HasSuffix(missing, "/") || path.Ext(want) == "" || path.Ext(want) == ".html"
	ext := ""
	if !isPage {
		ext = path.Ext(last)
	}
	last = strings.TrimSuffix(last, ext)
	if len(last) < 3 {
		return ""
	}
	var siblings, all []string
	byLast := make(map[string]string)
	for _, f := range s.paths {
		name := f
		if strings.HasSuffix(f, ".html") != isPage || path.Ext(f) != ext && !isPage {
			continue
		}
		name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "/index.html"), ".html"), ext)
		d, l := path.Split(name)
		if l == "" || l == "index" {
			continue
		}
		if d == dir {
			siblings = append(siblings, l)
		}
		if old, ok := byLast[l]; !ok || len(f) < len(old) || len(f) == len(old) && f < old {
			byLast[l] = f
		}
		all = append(all, l)
	}
	slices.Sort(siblings)
	if near := pipeline.Nearest(last, siblings); near != "" {
		for _, f := range []string{dir + near + "/index.html", dir + near + ".html", dir + near + ext} {
			if s.files[f] {
				return s.PathOf(f)
			}
		}
	}
	if f, ok := byLast[last]; ok {
		return s.PathOf(f)
	}
	if len(last) < 4 {
		return ""
	}
	slices.Sort(all)
	if near := pipeline.Nearest(last, slices.Compact(all)); near != "" {
		return s.PathOf(byLast[near])
	}
	return ""
}
