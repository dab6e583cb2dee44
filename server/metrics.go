// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts requests by route and status. Labels are patterns and numbers:
// no ID and no personal data becomes one.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	// observers are those of requests that were seen before.
	observers sync.Map
	// throttled counts refusals for coming too often.
	throttled prometheus.Counter
	// listsPublished counts versions of status lists.
	listsPublished prometheus.Counter
}

// observed is a route with a status.
type observed struct {
	route  string
	status int
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "ininjo_http_request_seconds", Help: "Time to answer a request, by route and status.",
		Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5},
	}, []string{"route", "status"}), throttled: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "ininjo_rate_limited_total", Help: "Requests refused because their client came too often.",
	}), listsPublished: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "ininjo_status_lists_published_total", Help: "Versions of status lists that this process published.",
	})}
	m.registry.MustRegister(m.requests, m.throttled, m.listsPublished, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// gauge registers a figure that is read when it is asked for.
func (m *metrics) gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

func (m *metrics) observe(route string, status int, took time.Duration) {
	seen, known := m.observers.Load(observed{route, status})
	if !known {
		seen, _ = m.observers.LoadOrStore(observed{route, status}, m.requests.WithLabelValues(route, strconv.Itoa(status)))
	}
	seen.(prometheus.Observer).Observe(took.Seconds()) //nolint:forcetypeassert // nothing else is put there
}

func (m *metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}
