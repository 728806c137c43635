package plugins

import (
	"net/url"
	"path"
	"strings"

	"duskpress/tools/pipeline"
)

// localFile is the file of the site that an address in a page means, or nil if
// that is elsewhere or not there.
func localFile(s *pipeline.Site, page, address string) *pipeline.File {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Opaque != "" || u.Path == "" {
		return nil
	}
	base, err := url.Parse(s.BaseURL)
	if err != nil {
		return nil
	}
	p := u.Path
	switch {
	case u.Host != "" && u.Host != base.Host, u.Host == "" && u.Scheme != "":
		return nil
	case u.Host == "" && !strings.HasPrefix(p, "/"):
		p = path.Join("/", path.Dir(page), p)
	default:
		root := strings.TrimSuffix(base.Path, "/")
		rest, ok := strings.CutPrefix(p, root+"/")
		if !ok {
			return nil
		}
		p = "/" + rest
	}
	return s.File(strings.TrimPrefix(path.Clean(p), "/"))
}
