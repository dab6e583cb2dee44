// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"strconv"
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
	// throttled counts refusals for coming too often.
	throttled prometheus.Counter
	// listsPublished counts versions of status lists.
	listsPublished prometheus.Counter
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
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}
