package netlify

import (
	"strings"
	"time"

	"duskpress/tools/deploy"
)

// What is used of the API's answers. Fields that are not in its description,
// but in its answers, are marked so.

type apiError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type apiSite struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	URL       string `json:"url"`
	SSLURL    string `json:"ssl_url"`
	Published *struct {
		ID     string `json:"id"`
		Locked bool   `json:"locked"`
	} `json:"published_deploy"`
	Processing struct {
		HTML struct {
			PrettyURLs bool `json:"pretty_urls"`
		} `json:"html"`
	} `json:"processing_settings"`
	Build struct {
		Branch string `json:"repo_branch"`
	} `json:"build_settings"`
	GitOnly bool `json:"prevent_non_git_prod_deploys"`
}

func (s apiSite) site() deploy.Site {
	d := deploy.Site{ID: s.ID, Name: s.Name, URL: address(s.SSLURL, s.URL), Branch: s.Build.Branch, Rewrites: s.Processing.HTML.PrettyURLs, GitOnly: s.GitOnly}
	if s.Published != nil {
		d.Live, d.Locked = s.Published.ID, s.Published.Locked
	}
	return d
}

type apiDeploy struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"` // of the site
	State     string   `json:"state"`
	Title     string   `json:"title"`
	Draft     bool     `json:"draft"`
	Required  []string `json:"required"`
	Error     string   `json:"error_message"`
	Branch    string   `json:"branch"`
	Created   string   `json:"created_at"`
	Published string   `json:"published_at"`
	SSLURL    string   `json:"deploy_ssl_url"`
	Locked    bool     `json:"locked"`
	// Links are not in the description.
	Links struct {
		Permalink string `json:"permalink"`
		Alias     string `json:"alias"`
	} `json:"links"`
}

// states are the API's. Any other word means to keep asking.
var states = map[string]deploy.State{
	"new": deploy.Empty,

	"pending_review": deploy.Waiting, "accepted": deploy.Waiting, "enqueued": deploy.Waiting,
	"building": deploy.Waiting, "preparing": deploy.Waiting, "retrying": deploy.Waiting,

	"prepared": deploy.Compared, "uploading": deploy.Compared,

	"uploaded": deploy.Processing, "processing": deploy.Processing, "processed": deploy.Processing,
	"ready": deploy.Ready,
	"error": deploy.Failed, "rejected": deploy.Failed,
}

func (a apiDeploy) deploy(siteName string) deploy.Deploy {
	if a.Name != "" {
		siteName = a.Name
	}
	d := deploy.Deploy{ID: a.ID, Title: a.Title, State: states[a.State], Raw: a.State, Error: a.Error, Draft: a.Draft, Missing: a.Required}
	d.URL = a.Links.Permalink
	if d.URL == "" && a.ID != "" && siteName != "" {
		d.URL = "https://" + a.ID + "--" + siteName + ".netlify.app"
	}
	d.URL = address(d.URL, "")
	if a.Branch != "" {
		d.AliasURL = address(a.Links.Alias, a.SSLURL)
	}
	d.Created, _ = time.Parse(time.RFC3339, a.Created)
	d.Published, _ = time.Parse(time.RFC3339, a.Published)
	return d
}

type apiFile struct {
	Path string `json:"path"`
	SHA  string `json:"sha"`
	Size int64  `json:"size"`
}

type apiManifest struct {
	Files  map[string]string `json:"files,omitempty"`
	Draft  bool              `json:"draft"`
	Async  bool              `json:"async"`
	Branch string            `json:"branch,omitempty"`
}

// address is the first of two, without a slash at its end, and over TLS unless
// it is on this machine.
func address(a, b string) string {
	if a == "" {
		a = b
	}
	a = strings.TrimRight(a, "/")
	if rest, ok := strings.CutPrefix(a, "http://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		if i := strings.LastIndex(host, ":"); i >= 0 && !strings.HasSuffix(host, "]") {
			host = host[:i]
		}
		if !loopback(strings.Trim(host, "[]")) {
			a = "https://" + rest
		}
	}
	return a
}
