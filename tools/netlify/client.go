// Package netlify is Netlify as a host of deploys.
//
// What enters: a token, the name or id of a site, calls of package deploy. What
// leaves: requests to Netlify's API and to the addresses where it shows sites,
// and each failure with what it means. It never repeats a call, never sends the
// token to another address than the API's, never writes it anywhere, and takes
// it out of whatever the API says.
package netlify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"duskpress/tools/deploy"
)

// DefaultAPI is where Netlify's API is.
const DefaultAPI = "https://api.netlify.com/api/v1"

const userAgent = "duskpress-deploy"

// maxAnswer bounds what an answer of the API may hold: a list of 100,000 files
// has some 20 MB.
const maxAnswer = 64 << 20

// A Config says which site, and who asks.
type Config struct {
	Token string
	Site  string // id or name
	API   string // "" is DefaultAPI
	Log   *slog.Logger
}

// A Client is one site at Netlify.
type Client struct {
	token string
	base  *url.URL
	site  string
	log   *slog.Logger
	api   *http.Client
	pages *http.Client
	most  int // pages of a list

	id, name atomic.Pointer[string] // once the site was read
}

// New checks the configuration. It sends nothing.
func New(c Config) (*Client, error) {
	if c.API == "" {
		c.API = DefaultAPI
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	base, err := url.Parse(strings.TrimSuffix(c.API, "/"))
	if err != nil || base.Host == "" || base.RawQuery != "" || base.Fragment != "" || base.User != nil {
		return nil, fmt.Errorf("%q is no address of an API", c.API)
	}
	if base.Scheme != "https" && !(base.Scheme == "http" && loopback(base.Hostname())) {
		return nil, fmt.Errorf("the API at %q: a token travels over https, or on this machine alone", c.API)
	}
	if strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, errors.New("the token has a character that no token has")
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 5 * time.Minute,
		IdleConnTimeout:       60 * time.Second,
		MaxIdleConnsPerHost:   32,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // bytes are compared as they are
	}
	// A redirection is never followed: it could lead the token to another host,
	// and a page elsewhere than it is said to be.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		token: c.Token, base: base, site: c.Site, log: c.Log,
		api:   &http.Client{Transport: transport, CheckRedirect: stay},
		pages: &http.Client{Transport: transport.Clone(), CheckRedirect: stay},
		most:  most,
	}, nil
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// clean takes the token out of a text that came from elsewhere.
func (c *Client) clean(s string) string {
	if c.token == "" {
		return s
	}
	s = strings.ReplaceAll(s, c.token, "[token]")
	return strings.ReplaceAll(s, url.QueryEscape(c.token), "[token]")
}

// A call is one request to the API.
type call struct {
	op     string
	method string
	path   string // escaped, below the base
	query  url.Values
	json   any
	body   io.Reader // in place of json
	file   string    // of the site, whose bytes body has
	size   int64
	out    any
}

func (c *Client) do(ctx context.Context, k call) (http.Header, error) {
	u := *c.base
	u.RawPath = u.EscapedPath() + k.path
	u.Path, _ = url.PathUnescape(u.RawPath)
	u.RawQuery = k.query.Encode()
	fail := &deploy.Failure{Kind: deploy.Unsent, Op: k.op, Call: deploy.Call{Method: k.method, URL: u.String(), File: k.file}}
	body := k.body
	kind := "application/octet-stream"
	if k.json != nil {
		data, err := json.Marshal(k.json)
		if err != nil {
			return nil, err
		}
		body, kind = bytes.NewReader(data), "application/json"
		fail.JSON = data
	}
	req, err := http.NewRequestWithContext(trace(ctx, fail), k.method, u.String(), body)
	if err != nil {
		return nil, err
	}
	if k.body != nil {
		req.ContentLength = k.size
		if k.size == 0 {
			req.Body = http.NoBody
		}
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	begin := time.Now()
	resp, err := c.api.Do(req)
	if err != nil {
		c.log.Debug("api", "method", k.method, "url", u.Path, "err", c.clean(reason(err)), "duration", time.Since(begin))
		fail.Err = errors.New(c.clean(reason(err)))
		return nil, fail
	}
	defer resp.Body.Close()
	fail.Kind = deploy.Lost
	fail.Status, fail.Request = resp.StatusCode, c.clean(resp.Header.Get("X-Request-Id"))
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	c.log.Debug("api", "method", k.method, "url", u.Path, "status", resp.StatusCode, "request", fail.Request, "duration", time.Since(begin))
	if resp.StatusCode/100 != 2 {
		c.classify(fail, resp, data)
		return nil, fail
	}
	if err != nil {
		fail.Err = fmt.Errorf("the answer ends too early: %s", c.clean(reason(err)))
		return nil, fail
	}
	if len(data) > maxAnswer {
		fail.Err = errors.New("the answer is too large")
		return nil, fail
	}
	if k.out != nil {
		if err := json.Unmarshal(data, k.out); err != nil {
			fail.Err = fmt.Errorf("the answer is not what it should be: %s", c.clean(err.Error()))
			return nil, fail
		}
	}
	return resp.Header, nil
}

// trace turns a failure into one after sending as soon as there is a connection
// that the request may travel on.
func trace(ctx context.Context, fail *deploy.Failure) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { fail.Kind = deploy.Lost },
	})
}

// reason is an error of the client without the address, which is known.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		if u.Timeout() {
			return "no answer in time"
		}
		return u.Err.Error()
	}
	return err.Error()
}

// classify says what an answer other than 2xx means.
func (c *Client) classify(fail *deploy.Failure, resp *http.Response, data []byte) {
	var e apiError
	if json.Unmarshal(data, &e) == nil && e.Message != "" {
		fail.Message = e.Message
	} else {
		fail.Message = strings.Join(strings.Fields(string(data[:min(len(data), 300)])), " ")
	}
	fail.Message = c.clean(fail.Message)
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		fail.Kind = deploy.Unauthorised
	case s == http.StatusNotFound || s == http.StatusGone:
		fail.Kind = deploy.Absent
	case s == http.StatusTooManyRequests:
		fail.Kind, fail.Wait = deploy.Throttled, resetAfter(resp.Header)
	case s == http.StatusRequestTimeout || s == http.StatusTooEarly || s >= 500:
		fail.Kind = deploy.Lost
	case s/100 == 3:
		fail.Kind = deploy.Refused
		fail.Message = "the API sends elsewhere, to " + c.clean(resp.Header.Get("Location")) + "; that is not followed"
	default:
		fail.Kind = deploy.Refused
	}
}

// resetAfter is how long the API asks to wait, or 0 where it does not say.
func resetAfter(h http.Header) time.Duration {
	if n, err := strconv.Atoi(h.Get("Retry-After")); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64); err == nil && at > 0 {
		reset := time.Unix(at, 0)
		now := time.Now()
		if date, err := http.ParseTime(h.Get("Date")); err == nil {
			now = date // the clock that the reset is on
		}
		return max(reset.Sub(now), time.Second)
	}
	return 0
}
