// Package external asks whether addresses on other hosts answer.
//
// What enters: addresses, and results of earlier runs. What leaves: a result for
// each address. It asks each address once, one at a time at each host, with a
// pause between, says who it is, keeps to robots.txt and Retry-After, and reads
// nothing of an answer but its headers, the file robots.txt excepted. It decides
// nothing about the site.
package external

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// An Outcome is what is known of an address.
type Outcome string

const (
	OK      Outcome = "ok"
	Gone    Outcome = "gone"    // the host says that there is nothing: 404, 410
	Failed  Outcome = "failed"  // no answer, or one that something broke
	Refused Outcome = "refused" // the host does not let machines look: 401, 403, 429, robots.txt
)

// A Result is the answer to one address.
type Result struct {
	URL     string    `json:"url"`
	Checked time.Time `json:"checked"`
	Outcome Outcome   `json:"outcome"`
	Status  int       `json:"status,omitempty"`
	Why     string    `json:"why,omitempty"`   // of what is not OK, in a few words
	Moved   string    `json:"moved,omitempty"` // where it has moved for good
	// Unreachable says that not even the network answered.
	Unreachable bool `json:"-"`
	Cached      bool `json:"-"`
}

// A Checker asks. The zero values of its fields are replaced by defaults.
type Checker struct {
	Timeout     time.Duration // of one request; 10 s
	Concurrency int           // hosts asked at once; 8
	Pause       time.Duration // between two requests to a host; 500 ms
	MaxWait     time.Duration // that a host may ask for with Retry-After; 20 s
	Agent       string        // User-Agent
	// Resolve has other addresses for hosts, by host:port or host.
	Resolve map[string]string
	Now     func() time.Time

	client *http.Client
	// dial takes the place of the network in tests.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

const maxRedirects = 10

// NoHost is why an address failed whose host nobody knows. Some systems say so
// of all hosts when there is no network.
const NoHost = "there is no such host"

func (c *Checker) defaults() {
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	c.Concurrency = cmp.Or(c.Concurrency, 8)
	c.Pause = cmp.Or(c.Pause, 500*time.Millisecond)
	c.MaxWait = cmp.Or(c.MaxWait, 20*time.Second)
	c.Agent = cmp.Or(c.Agent, "duskpress (link check)")
	if c.Now == nil {
		c.Now = time.Now
	}
	proxy := http.ProxyFromEnvironment
	if c.dial == nil {
		c.dial = (&net.Dialer{Timeout: c.Timeout}).DialContext
	} else {
		proxy = nil
	}
	c.client = &http.Client{
		Timeout: c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: &http.Transport{
			Proxy: proxy,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				host, _, err := net.SplitHostPort(address)
				if err != nil {
					return nil, err
				}
				to := cmp.Or(c.Resolve[address], c.Resolve[host], address)
				return c.dial(ctx, network, to)
			},
			TLSHandshakeTimeout:    c.Timeout,
			ResponseHeaderTimeout:  c.Timeout,
			MaxResponseHeaderBytes: 256 << 10,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        30 * time.Second,
			ForceAttemptHTTP2:      true,
		},
	}
}

// Check asks all addresses, each of which begins with http:// or https://. The
// results are in the order of the addresses. The error is that of ctx.
func (c *Checker) Check(ctx context.Context, addresses []string) ([]Result, error) {
	c.defaults()
	defer c.client.CloseIdleConnections()
	results := make([]Result, len(addresses))
	hosts := make(map[string][]int)
	for i, a := range addresses {
		u, err := url.Parse(a)
		if err != nil || u.Host == "" {
			results[i] = Result{URL: a, Checked: c.Now(), Outcome: Failed, Why: "it is no address"}
			continue
		}
		key := strings.ToLower(u.Hostname())
		hosts[key] = append(hosts[key], i)
	}
	names := make([]string, 0, len(hosts))
	for h := range hosts {
		names = append(names, h)
	}
	// The hosts with most addresses take longest.
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(len(hosts[b])-len(hosts[a]), cmp.Compare(a, b))
	})
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(c.Concurrency)
	for _, name := range names {
		g.Go(func() error {
			list := c.host(ctx, pick(addresses, hosts[name]))
			mu.Lock()
			defer mu.Unlock()
			for i, r := range list {
				results[hosts[name][i]] = r
			}
			return nil
		})
	}
	_ = g.Wait() // no function returns an error
	return results, ctx.Err()
}

func pick(list []string, at []int) []string {
	picked := make([]string, len(at))
	for i, n := range at {
		picked[i] = list[n]
	}
	return picked
}

// host asks the addresses of one host, one after another.
func (c *Checker) host(ctx context.Context, addresses []string) []Result {
	type server struct {
		rules robots
		down  *Result
	}
	servers := make(map[string]*server) // a host may have several, by scheme and port
	results := make([]Result, len(addresses))
	for i, a := range addresses {
		r := Result{URL: a, Checked: c.Now()}
		origin := originOf(a)
		if servers[origin] == nil && ctx.Err() == nil {
			servers[origin] = new(server)
			servers[origin].rules, servers[origin].down = c.robots(ctx, origin)
		}
		var rules robots
		var down *Result
		if s := servers[origin]; s != nil {
			rules, down = s.rules, s.down
		}
		switch {
		case ctx.Err() != nil:
			r.Outcome, r.Why = Refused, "not asked any more"
		case down != nil:
			// The host did not even say what may be asked.
			r.Outcome, r.Why, r.Unreachable = down.Outcome, down.Why, down.Unreachable
		case !rules.allows(a):
			r.Outcome, r.Why = Refused, "its robots.txt asks machines not to look"
		default:
			sleep(ctx, max(c.Pause, rules.delay))
			r = c.ask(ctx, a)
			if r.Status == http.StatusTooManyRequests {
				// It has had enough, and the others are for another day.
				servers[origin].down = &Result{Outcome: Refused, Why: r.Why}
			}
		}
		results[i] = r
	}
	return results
}

// originOf is the scheme and host of an address that has both.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// ask follows one address to its end.
func (c *Checker) ask(ctx context.Context, address string) Result {
	r := Result{URL: address, Checked: c.Now()}
	permanent, at := true, address
	for hops := 0; ; hops++ {
		if hops > maxRedirects {
			r.Outcome, r.Why = Failed, fmt.Sprintf("it redirects more than %d times", maxRedirects)
			return r
		}
		status, location, err := c.request(ctx, at)
		if err != nil {
			r.Outcome = Failed
			r.Why, r.Unreachable = explain(err, c.Timeout)
			return r
		}
		r.Status = status
		switch status {
		case http.StatusMovedPermanently, http.StatusPermanentRedirect, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect:
			next, err := url.Parse(at)
			if err == nil {
				next, err = next.Parse(location)
			}
			if err != nil || location == "" || next.Host == "" || next.Scheme != "http" && next.Scheme != "https" {
				r.Outcome, r.Why = Failed, "it redirects to no address"
				return r
			}
			permanent = permanent && (status == http.StatusMovedPermanently || status == http.StatusPermanentRedirect)
			if permanent {
				r.Moved = next.String()
			}
			at = next.String()
			continue
		}
		break
	}
	switch s := r.Status; {
	case s < 400:
		r.Outcome = OK
	case s == http.StatusNotFound || s == http.StatusGone:
		r.Outcome, r.Why, r.Moved = Gone, fmt.Sprintf("the host answers %d %s", s, http.StatusText(s)), ""
	case s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusMethodNotAllowed, s == http.StatusNotAcceptable,
		s == http.StatusTooManyRequests, s == http.StatusUnavailableForLegalReasons, s == http.StatusPaymentRequired,
		s == http.StatusProxyAuthRequired, s > 599:
		r.Outcome, r.Why, r.Moved = Refused, fmt.Sprintf("the host answers %d %s", s, http.StatusText(s)), ""
	default:
		r.Outcome, r.Why, r.Moved = Failed, fmt.Sprintf("the host answers %d %s", s, http.StatusText(s)), ""
	}
	r.Why = strings.TrimSpace(r.Why)
	return r
}

// request asks with HEAD, and, where that is answered with a complaint, with
// GET: many servers know no HEAD. A host that asks for time gets it, once.
func (c *Checker) request(ctx context.Context, address string) (status int, location string, err error) {
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		for attempt := 0; ; attempt++ {
			var after string
			status, location, after, err = c.once(ctx, method, address)
			if err != nil && method == http.MethodHead && attempt == 0 && ctx.Err() == nil && retryable(err) {
				break // some servers close the connection on a HEAD
			}
			if err != nil {
				return 0, "", err
			}
			if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable || attempt > 0 {
				break
			}
			wait := retryAfter(after, c.Now())
			if wait == 0 && status == http.StatusServiceUnavailable {
				wait = c.Pause
			}
			if wait == 0 || wait > c.MaxWait {
				return status, "", nil
			}
			sleep(ctx, wait)
		}
		if err == nil && status < 400 || err == nil && status == http.StatusTooManyRequests {
			return status, location, nil
		}
		if method == http.MethodHead {
			sleep(ctx, c.Pause)
		}
	}
	return status, location, err
}

func (c *Checker) once(ctx context.Context, method, address string) (status int, location, after string, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return 0, "", "", err
	}
	req.Header.Set("User-Agent", c.Agent)
	req.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	res, err := c.client.Do(req)
	if err != nil {
		return 0, "", "", err
	}
	defer res.Body.Close()
	// The body is not read, however long it is: what counts is said before it.
	return res.StatusCode, res.Header.Get("Location"), res.Header.Get("Retry-After"), nil
}

// retryAfter reads a Retry-After header: seconds, or a date.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && n >= 0 {
		return time.Duration(min(n, 1<<20)) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

func retryable(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || strings.Contains(err.Error(), "malformed HTTP")
}

// explain says what was wrong in words that do not differ between machines, and
// whether it may be this machine that has no network.
func explain(err error, timeout time.Duration) (why string, unreachable bool) {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		netErr    net.Error
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return NoHost, true
	case errors.As(err, &dns):
		return "the name of the host cannot be looked up", true
	case errors.As(err, &hostname):
		return "its certificate is for another host", false
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired", false
	case errors.As(err, &authority), errors.As(err, &invalid), errors.As(err, &verify):
		return "its certificate is not one that browsers trust", false
	case errors.As(err, &record), errors.As(err, &alert), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return "it speaks no TLS that browsers understand", false
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETDOWN):
		return "there is no way to the host", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the host refuses connections", false
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the host closed the connection without an answer", false
	case errors.As(err, &netErr) && netErr.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("the host did not answer within %s", timeout), false
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error(), false
}
