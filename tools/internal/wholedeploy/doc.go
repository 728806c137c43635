// Package wholedeploy tests the commands that deploy: the compiled tool against
// a stand-in for Netlify, over HTTP, with everything that can go wrong.
package wholedeploy
