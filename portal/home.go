// SPDX-License-Identifier: Apache-2.0

package portal

func (p *portal) home(r *request) error { return p.render(r, "home", p.Policy.Registration()) }
