"use strict";
(() => {
  // node_modules/preact/dist/preact.mjs
  var n;
  var t;
  var r;
  var u;
  var i;
  var f;
  var o;
  var e;
  var l;
  var c;
  var a;
  var s;
  var h = /* @__PURE__ */ Symbol.for("pv");
  var p = {};
  var y = [];
  var v = /^m(i|n|o|s|text|space)$/;
  var w = Array.isArray;
  var d = y.slice;
  var _ = Object.assign;
  function g(n2) {
    n2 && n2.parentNode && n2.remove();
  }
  function m(r3, u3, i3, f4, o4) {
    var e3 = { type: r3, props: u3, key: i3, ref: f4, __k: null, __: null, __b: 0, __e: null, __c: null, constructor: h, __v: o4 || ++t, __i: -1, __u: 0 };
    return !o4 && n.vnode && n.vnode(e3), e3;
  }
  function $(n2) {
    return n2.children;
  }
  function x(n2, t3) {
    this.props = n2, this.context = t3, this.__g = 0;
  }
  function S(n2, t3) {
    if (null == t3) return n2.__ && S(n2.__, n2.__i + 1);
    for (var r3; t3 < n2.__k.length; t3++) if ((r3 = n2.__k[t3]) && r3.__e) return r3.__e;
    return "function" != typeof n2.type || n2.props.__P ? null : S(n2);
  }
  function C(t3) {
    var r3, u3 = t3.__v, i3 = u3.__e, f4 = [], o4 = [], e3 = t3.__P;
    e3 && ((r3 = _({ constructor: h }, u3)).__v = u3.__v + 1, n.vnode && n.vnode(r3), z(e3, r3, u3, t3.__n, e3.namespaceURI, 32 & u3.__u ? [i3] : null, f4, i3 || S(u3), 32 & u3.__u, o4), r3.__v = u3.__v, r3.__.__k[r3.__i] = r3, E(f4, r3, o4), u3.__ = u3.__e = null, r3.__e != i3 && j(r3));
  }
  function j(n2) {
    if ((n2 = n2.__) && n2.__c && !n2.props.__P) return n2.__e = null, n2.__k.some(function(t3) {
      return t3 && (n2.__e = t3.__e);
    }), j(n2);
  }
  function L(t3) {
    (8 & t3.__g || (t3.__g |= 8, u.push(t3), f++)) && i == n.debounceRendering || ((i = n.debounceRendering) || queueMicrotask)(H);
  }
  function H() {
    try {
      for (var n2, t3 = 1; u.length; ) u.length > t3 && u.sort(o), n2 = u.shift(), t3 = u.length, 8 & n2.__g && C(n2);
    } finally {
      (f = u.length) && (i || queueMicrotask)(H);
    }
  }
  function I(n2, t3, r3, u3, i3, f4, o4, e3, l3, c3, a4) {
    var s3, h3, v3, w3, d3, _3, g3 = u3.__k || y, k2 = t3.length;
    for (l3 = q(r3, t3, g3, l3, k2), s3 = 0; s3 < k2; s3++) null != (v3 = r3.__k[s3]) && (h3 = ~v3.__i && g3[v3.__i] || p, v3.__i = s3, _3 = z(n2, v3, h3, i3, f4, o4, e3, l3, c3, a4), w3 = v3.__e, (h3.ref != v3.ref || 8 & h3.__u) && (h3.ref && G(h3.ref, null, v3, h3), v3.ref && a4.push(v3.ref, v3.__c || w3, v3)), d3 = d3 || w3, 4 & v3.__u ? (l3 = A(v3, l3, n2, !h3.__v), h3.__e && (h3.__e = null)) : "function" == typeof v3.type && void 0 !== _3 ? l3 = _3 : w3 && (l3 = w3.nextSibling), v3.__u &= -21);
    return r3.__e = d3, l3;
  }
  function q(n2, t3, r3, u3, i3) {
    var f4, o4, e3, l3, c3, a4, s3, p3, y3, v3 = r3.length, d3 = v3, _3 = 0, g3 = 0, k2 = n2.__k = Array(i3);
    for (f4 = 0; f4 < i3; f4++) null != (o4 = t3[f4]) && "boolean" != typeof o4 && "function" != typeof o4 ? ("object" != typeof o4 || o4.constructor === String ? o4 = k2[f4] = m(null, o4) : w(o4) ? o4 = k2[f4] = m($, { children: o4 }) : o4.constructor === h && o4.__b ? o4 = k2[f4] = m(o4.type, o4.props, o4.key, o4.ref, o4.__v) : k2[f4] = o4, l3 = f4 + _3, o4.__ = n2, o4.__b = n2.__b + 1, e3 = null, ~(c3 = o4.__i = P(o4, r3, l3, d3)) && (d3--, (e3 = r3[c3]) && (e3.__u |= 2)), e3 && e3.__v ? (o4.__u |= 16, c3 == l3 - 1 ? _3-- : c3 == l3 + 1 ? _3++ : c3 != l3 && (c3 > l3 ? _3-- : _3++, g3 = 1)) : (~c3 || (i3 > v3 ? _3-- : i3 < v3 && _3++), "function" != typeof o4.type && (o4.__u |= 4))) : k2[f4] = null;
    if (g3) {
      for (a4 = [], s3 = [], f4 = 0; f4 < i3; f4++) if ((o4 = k2[f4]) && 16 & o4.__u) {
        for (_3 = 0, p3 = a4.length; _3 < p3; ) a4[y3 = _3 + p3 >> 1] < o4.__i ? _3 = y3 + 1 : p3 = y3;
        a4[_3] = o4.__i, s3[f4] = _3 + 1;
      }
      for (_3 = a4.length; f4--; ) s3[f4] && (s3[f4] == _3 ? _3-- : k2[f4].__u |= 4);
    }
    if (d3) for (f4 = 0; f4 < v3; f4++) !(e3 = r3[f4]) || 2 & e3.__u || (e3.__e == u3 && (u3 = S(e3)), J(e3, e3));
    return u3;
  }
  function A(n2, t3, r3, u3) {
    var i3, f4, o4, e3;
    if ("function" == typeof n2.type) {
      if (n2.props.__P) return t3;
      if (i3 = n2.__k) for (f4 = 0; f4 < i3.length; f4++) i3[f4] && (i3[f4].__ = n2, t3 = A(i3[f4], t3, r3, false));
      return t3;
    }
    for (t3 && !t3.parentNode && (t3 = S(n2)) && !t3.parentNode && (t3 = null), o4 = n2.__e, e3 = t3; e3 && 8 == e3.nodeType; ) e3 = e3.nextSibling;
    for (o4 != e3 && (!u3 && r3.moveBefore && o4.parentNode ? r3.moveBefore(o4, t3) : r3.insertBefore(o4, t3 || null)), t3 = o4; (t3 = t3 && t3.nextSibling) && 8 == t3.nodeType && !t3.data.startsWith("$s"); ) ;
    return t3;
  }
  function P(n2, t3, r3, u3) {
    var i3, f4 = n2.key, o4 = n2.type, e3 = t3[r3], l3 = e3 && !(2 & e3.__u);
    if (null === e3 && null == f4 || l3 && f4 == e3.key && o4 == e3.type) return r3;
    if (u3 > (l3 ? 1 : 0)) {
      for (i3 = r3 - 1; i3 >= 0; i3--) if ((e3 = t3[i3]) && !(2 & e3.__u) && f4 == e3.key && o4 == e3.type) return i3;
      for (i3 = r3 + 1; i3 < t3.length; i3++) if ((e3 = t3[i3]) && !(2 & e3.__u) && f4 == e3.key && o4 == e3.type) return i3;
    }
    return -1;
  }
  function T(n2, t3, r3) {
    null == r3 && (r3 = ""), "-" == t3[0] ? n2.setProperty(t3, r3) : n2[t3] = r3;
  }
  function N(n2, t3, r3, u3, i3) {
    var f4, o4;
    if ("style" == t3) if ("string" == typeof r3) n2.style.cssText = r3;
    else {
      if ("string" == typeof u3 && (n2.style.cssText = u3 = ""), u3) for (t3 in u3) r3 && t3 in r3 || T(n2.style, t3);
      if (r3) for (t3 in r3) u3 && r3[t3] == u3[t3] || T(n2.style, t3, r3[t3]);
    }
    else if ("o" == t3[0] && "n" == t3[1]) "function" != typeof r3 && (r3 = null), "function" != typeof u3 && (u3 = null), (n2.__e || (n2.__e = {}))[t3] = r3, r3 && u3 || (o4 = a[t3] || (a[t3] = V(t3)), (n2.__a || (n2.__a = {}))[t3] = c, f4 = t3 != (t3 = t3.replace(l, "$1")), (t3 = t3.slice(2))[0] < "a" && (t3 = t3.toLowerCase()), r3 ? n2.addEventListener(t3, o4, f4) : n2.removeEventListener(t3, o4, f4));
    else {
      if ("http://www.w3.org/2000/svg" == i3) t3 = t3.replace(/xlink(H|:h)/, "h").replace(/sName$/, "s");
      else if ("width" != t3 && "height" != t3 && "href" != t3 && "list" != t3 && "form" != t3 && "tabIndex" != t3 && "download" != t3 && "rowSpan" != t3 && "colSpan" != t3 && "role" != t3 && "popover" != t3 && t3 in n2) try {
        return void (n2[t3] = null == r3 ? "" : r3);
      } catch (n3) {
      }
      if ("function" == typeof r3) return;
      null == r3 || false === r3 && "-" != t3[4] ? n2.removeAttribute(t3) : n2.setAttribute(t3, "popover" == t3 && 1 == r3 ? "" : r3);
    }
  }
  function V(t3) {
    return function(r3) {
      var u3 = this.__e;
      if (u3) {
        if (u3 = u3[t3], null == r3[e]) r3[e] = c++;
        else if (r3[e] < this.__a[t3]) return;
        return u3(n.event ? n.event(r3) : r3);
      }
    };
  }
  function z(t3, r3, u3, i3, f4, o4, e3, l3, c3, a4) {
    var s3, p3, v3, d3, k2, b2, m3, M, C3, j3, L2, H2, q2, A3, O, P2, T3, N2, V2 = r3.type;
    if (r3.constructor !== h) return null;
    128 & u3.__u && (c3 = 32 & u3.__u, s3 = u3.__c.__z) && (r3.__u |= c3, p3 = o4 = [], 8 == s3.nodeType ? l3 = B(s3, o4) : o4.push(s3), l3 = o4[0] || l3), (s3 = n.__b) && s3(r3);
    n: if ("function" == typeof V2) {
      v3 = e3.length;
      try {
        if (M = r3.props, C3 = (s3 = V2.prototype) && s3.render, j3 = (s3 = V2.contextType) && i3[s3.__c], L2 = s3 ? j3 ? j3.props.value : s3.__ : i3, (d3 = u3.__c) ? (r3.__c = d3, 2 & d3.__g && (d3.__g |= 1)) : (C3 ? r3.__c = d3 = new V2(M, L2) : (r3.__c = d3 = new x(M, L2), d3.constructor = V2, d3.render = K), j3 && j3.sub(d3), d3.state || (d3.state = {}), d3.__n = i3, d3.__g |= 8, d3.__h = [], d3.__k = []), C3 && (d3.__s || (d3.__s = d3.state), V2.getDerivedStateFromProps && (d3.__s == d3.state && (d3.__s = _({}, d3.__s)), _(d3.__s, V2.getDerivedStateFromProps(M, d3.__s)))), k2 = d3.props, b2 = d3.state, d3.__v = r3, u3.__c) {
          if (M !== k2 && C3 && !V2.getDerivedStateFromProps && d3.componentWillReceiveProps && d3.componentWillReceiveProps(M, L2), r3.__v == u3.__v && !(8 & d3.__g) || !(4 & d3.__g) && d3.shouldComponentUpdate && false === d3.shouldComponentUpdate(M, d3.__s, L2)) {
            r3.__v != u3.__v && (d3.props = M, d3.state = d3.__s, d3.__g &= -9), r3.__e = u3.__e, r3.__k = u3.__k, r3.__k.some(function(n2) {
              n2 && (n2.__ = r3);
            }), y.push.apply(d3.__h, d3.__k), d3.__k = [], d3.__h.length && e3.push(d3), l3 = S(u3);
            break n;
          }
          d3.componentWillUpdate && d3.componentWillUpdate(M, d3.__s, L2), C3 && d3.componentDidUpdate && d3.__h.push(function() {
            d3.componentDidUpdate(k2, b2, m3);
          });
        } else C3 && !V2.getDerivedStateFromProps && d3.componentWillMount && d3.componentWillMount(), C3 && d3.componentDidMount && d3.__h.push(d3.componentDidMount);
        d3.context = L2, d3.props = M, d3.__P = t3, d3.__g &= -5, H2 = n.__r, q2 = C3 ? 25 : 0;
        do {
          d3.__g &= -9, H2 && H2(r3), s3 = d3.render(d3.props, d3.state = d3.__s, d3.context);
        } while (8 & d3.__g && ++q2 < 25);
        C3 && (y.push.apply(d3.__h, d3.__k), d3.__k = []), d3.state = d3.__s, d3.getChildContext && (i3 = _({}, i3, d3.getChildContext())), C3 && u3.__c && d3.getSnapshotBeforeUpdate && (m3 = d3.getSnapshotBeforeUpdate(k2, b2)), A3 = s3 && s3.type === $ && null == s3.key ? s3.props.children : s3, M.__P && (s3 = l3, f4 = (t3 = M.__P).namespaceURI, c3 = o4 = null, u3.props && u3.props.__P != t3 && (u3.__k.some(function(n2) {
          n2 && J(n2, n2);
        }), u3.__k = null), l3 = u3.__k ? S(u3, 0) : null), l3 = I(t3, w(A3) ? A3 : [A3], r3, u3, i3, f4, o4, e3, l3, c3, a4), M.__P && (r3.__e = null, l3 = s3), r3.__u &= -161, p3 && p3.some(g), d3.__h.length && e3.push(d3), 1 & d3.__g && (d3.__g &= -4);
      } catch (t4) {
        if (e3.length = v3, r3.__v = null, c3 || o4) if (t4 && t4.then) {
          if (r3.__u |= 128 | c3, o4) {
            for (~(T3 = o4.indexOf(l3 || void 0)) || (T3 = o4.length); (N2 = o4[T3 - 1]) && 8 == N2.nodeType; ) T3--;
            for (; T3 < o4.length; T3++) if (N2 = o4[T3]) if (o4[T3] = null, O) {
              if (N2 == P2) break;
            } else {
              if (8 != N2.nodeType) break;
              N2.data.startsWith("$s") && (P2 = B(O = N2));
            }
          }
          if (!O) {
            for (; l3 && 8 == l3.nodeType && l3.nextSibling; ) l3 = l3.nextSibling;
            O = l3;
          }
          (s3 = B(O = r3.__c.__z || (r3.__c.__z = O))) ? (r3.__e = O, l3 = s3) : r3.__e = l3, l3 = l3 && l3.nextSibling;
        } else o4 && o4.some(g);
        else r3.__e = u3.__e;
        r3.__k || (r3.__k = u3.__k || []), t4 && t4.then || D(r3), n.__e(t4, r3, u3);
      }
    } else l3 = r3.__e = F(u3.__e, r3, u3, i3, f4, o4, e3, c3, a4, t3);
    return (s3 = n.diffed) && s3(r3), l3;
  }
  function B(n2, t3) {
    if (n2 && 8 == n2.nodeType && n2.data.startsWith("$s")) for (var r3 = 1; n2 = n2.nextSibling; ) {
      if (8 == n2.nodeType) {
        if (n2.data.startsWith("$s")) r3++;
        else if (n2.data.startsWith("/$s") && !--r3) return n2;
      }
      t3 && t3.push(n2);
    }
  }
  function D(n2) {
    n2 && (n2.__c && (n2.__c.__g |= 4), n2.__k && n2.__k.some(D));
  }
  function E(t3, r3, u3) {
    for (var i3 = 0; i3 < u3.length; ) G(u3[i3++], u3[i3++], u3[i3++]);
    n.__c && n.__c(r3, t3), t3.some(function(r4) {
      try {
        t3 = r4.__h, r4.__h = [], t3.some(function(n2) {
          n2.call(r4);
        });
      } catch (t4) {
        n.__e(t4, r4.__v);
      }
    });
  }
  function F(t3, r3, u3, i3, f4, o4, e3, l3, c3, a4) {
    var s3, h3, y3, _3, k2, b2, m3, M, $2 = u3.props || p, x2 = r3.props, C3 = r3.type;
    if ("svg" == C3 ? f4 = "http://www.w3.org/2000/svg" : "math" == C3 ? f4 = "http://www.w3.org/1998/Math/MathML" : f4 || (f4 = "http://www.w3.org/1999/xhtml"), o4) {
      for (s3 = 0; s3 < o4.length; s3++) if ((k2 = o4[s3]) && (C3 ? k2.localName == C3 : 3 == k2.nodeType)) {
        t3 = k2, o4[s3] = null;
        break;
      }
    }
    if (!t3) {
      if (M = a4.ownerDocument || document, !C3) return M.createTextNode(x2);
      t3 = M.createElementNS(f4, C3, x2.is ? x2 : a4), l3 && (n.__m && n.__m(r3, o4), l3 = false), o4 = null;
    }
    if (C3) {
      if (a4 = "template" == C3 && t3.content || t3, o4 = "textarea" == C3 && null != x2.defaultValue ? null : o4 && d.call(a4.childNodes), !l3 && o4) for ($2 = {}, s3 = 0; s3 < t3.attributes.length; s3++) $2[(k2 = t3.attributes[s3]).name] = k2.value;
      for (s3 in $2) k2 = $2[s3], "dangerouslySetInnerHTML" == s3 ? y3 = k2 : "children" == s3 || s3 in x2 || "value" == s3 && "defaultValue" in x2 || "checked" == s3 && "defaultChecked" in x2 || N(t3, s3, null, k2, f4);
      for (s3 in x2) k2 = x2[s3], "children" == s3 ? _3 = k2 : "dangerouslySetInnerHTML" == s3 ? h3 = k2 : "value" == s3 ? b2 = k2 : "checked" == s3 ? m3 = k2 : l3 && "function" != typeof k2 || $2[s3] === k2 || N(t3, s3, k2, $2[s3], f4);
      h3 ? (l3 || y3 && (h3.__html == y3.__html || h3.__html == t3.innerHTML) || (t3.innerHTML = h3.__html), r3.__k = []) : (y3 && (t3.textContent = ""), ("foreignObject" == C3 || "http://www.w3.org/1998/Math/MathML" == f4 && v.test(C3)) && (f4 = "http://www.w3.org/1999/xhtml"), I(a4, w(_3) ? _3 : [_3], r3, u3, i3, f4, o4, e3, o4 ? o4[0] : u3.__k && S(u3, 0), l3, c3), o4 && o4.some(g)), l3 && "textarea" != C3 || (s3 = "value", "progress" == C3 && null == b2 ? t3.removeAttribute(s3) : null == b2 || b2 === t3[s3] && ("progress" != C3 || b2) || N(t3, s3, b2, $2[s3], f4), s3 = "checked", null != m3 && m3 != t3[s3] && N(t3, s3, m3, $2[s3], f4));
    } else $2 === x2 || l3 && t3.data == x2 || (t3.data = x2);
    return t3;
  }
  function G(t3, r3, u3, i3) {
    try {
      "function" == typeof t3 ? r3 ? r3.__x = t3(r3) || 1 : i3 && (i3 = i3.__c || i3.__e) && (r3 = i3.__x) && (i3.__x = null, "function" == typeof r3 ? r3() : t3(null)) : t3.current = r3;
    } catch (t4) {
      n.__e(t4, u3);
    }
  }
  function J(t3, r3, u3) {
    var i3, f4, o4, e3;
    if (n.unmount && n.unmount(t3), !(i3 = t3.ref) || i3.current && i3.current != t3.__e || G(i3, null, r3, t3), i3 = t3.__c) {
      if (i3.componentWillUnmount) try {
        i3.componentWillUnmount();
      } catch (t4) {
        n.__e(t4, r3);
      }
      i3.__P = i3.__n = null;
    }
    if (i3 = t3.__k) for (e3 = 0; e3 < i3.length; e3++) i3[e3] && J(i3[e3], r3, "function" != typeof t3.type || u3 && !t3.props.__P);
    !u3 && (i3 = t3.__c) && (i3 = i3.__z) && (f4 = B(i3, o4 = [])) && (i3 == t3.__e && o4.some(g), g(f4), g(i3)), u3 || g(t3.__e), t3.__e = t3.__c = t3.__ = null;
  }
  function K(n2, t3, r3) {
    return this.constructor(n2, r3);
  }
  function Q(t3, r3) {
    var u3, i3, f4, o4;
    n.__ && n.__(t3, r3), 9 == r3.nodeType && (r3 = r3.documentElement), i3 = (u3 = t3 && 32 & t3.__u) ? null : r3.__k, r3.__k = m($, { children: [t3] }), f4 = [], o4 = [], z(r3, r3.__k, i3 || p, p, r3.namespaceURI, i3 ? null : r3.firstChild ? d.call(r3.childNodes) : null, f4, i3 ? i3.__e : r3.firstChild, u3, o4), E(f4, r3.__k, o4), r3.__k.props.children = null;
  }
  function U(n2) {
    function t3(n3) {
      var r3, u3;
      return this.getChildContext || (r3 = /* @__PURE__ */ new Set(), (u3 = {})[t3.__c] = this, this.getChildContext = function() {
        return u3;
      }, this.shouldComponentUpdate = function(n4) {
        this.props.value != n4.value && r3.forEach(function(n5) {
          n5.__g |= 4, L(n5);
        });
      }, this.sub = function(n4) {
        r3.add(n4);
        var t4 = n4.componentWillUnmount;
        n4.componentWillUnmount = function() {
          r3.delete(n4), t4 && t4.call(n4);
        };
      }), n3.children;
    }
    return t3.__c = "__cC" + s++, t3.__ = n2, t3.Provider = (t3.Consumer = function(n3, t4) {
      return n3.children(t4);
    }).contextType = t3, t3;
  }
  n = { __e: function(n2, t3, r3, u3) {
    for (var i3, o4, e3; t3 = t3.__; ) if ((i3 = t3.__c) && !(1 & i3.__g)) {
      i3.__g |= 4;
      try {
        if ((e3 = (o4 = i3.constructor) && o4.getDerivedStateFromError) && i3.setState(o4.getDerivedStateFromError(n2)), i3.componentDidCatch && (i3.componentDidCatch(n2, u3 || {}), e3 = 1), e3 && 8 & i3.__g) return void (i3.__g |= 2);
      } catch (t4) {
        n2 = t4;
      }
    }
    throw f = 0, n2;
  } }, t = 0, r = function(n2) {
    return null != n2 && n2.constructor === h;
  }, x.prototype.setState = function(n2, t3) {
    var r3 = this.__s;
    r3 && r3 != this.state || (r3 = this.__s = _({}, this.state)), "function" == typeof n2 && (n2 = n2(_({}, r3), this.props)), n2 && (_(r3, n2), this.__v && (t3 && this.__k.push(t3), L(this)));
  }, x.prototype.forceUpdate = function(n2) {
    this.__v && (this.__g |= 4, n2 && this.__h.push(n2), L(this));
  }, x.prototype.render = $, u = [], f = 0, o = function(n2, t3) {
    return n2.__v.__b - t3.__v.__b;
  }, e = /* @__PURE__ */ Symbol(), l = /(PointerCapture)$|Capture$/i, c = 0, a = {}, s = 0;

  // node_modules/preact/hooks/dist/hooks.mjs
  var t2;
  var r2;
  var u2;
  var i2;
  var o2 = Object.is;
  var f2 = 0;
  var c2 = [];
  var e2 = [];
  var a2 = n;
  var v2 = a2.__b;
  var l2 = a2.__r;
  var m2 = a2.diffed;
  var h2 = a2.__c;
  var s2 = a2.unmount;
  var p2 = a2.__;
  function y2(n2, t3) {
    a2.__h && a2.__h(r2, n2, f2 || t3), f2 = 0;
    var u3 = r2.__H || (r2.__H = { __: [], __h: [] });
    return n2 >= u3.__.length && u3.__.push({}), u3.__[n2];
  }
  function d2(n2) {
    return f2 = 1, _2(G2, n2);
  }
  function _2(n2, u3, i3) {
    var f4 = y2(t2++, 2);
    if (f4.t = n2, !f4.__c && (f4.__ = [i3 ? i3(u3) : G2(void 0, u3), function(n3) {
      var t3 = (f4.__N || f4.__)[0], r3 = f4.t(t3, n3);
      o2(t3, r3) || (f4.__N = [r3, f4.__[1]], f4.__c.setState({}));
    }], f4.__c = r2, !r2.__f)) {
      r2.__f = true;
      var c3 = r2.shouldComponentUpdate;
      r2.shouldComponentUpdate = function(n3, t3, r3) {
        var u4 = this.__H;
        if (!u4) return true;
        var i4 = false, f5 = this.props != n3;
        if (u4.__.some(function(n4) {
          n4.__N && (i4 = true, o2(n4.__[0], n4.__N[0]) || (f5 = true));
        }), c3) {
          var e3 = c3.call(this, n3, t3, r3);
          return i4 ? e3 || f5 : e3;
        }
        return !i4 || f5;
      };
    }
    return f4.__;
  }
  function A2(n2, u3) {
    var i3 = y2(t2++, 3);
    !a2.__s && E2(i3.__H, u3) && (i3.__P = true, i3.__ = n2, i3.u = u3, r2.__H.__h.push(i3));
  }
  function T2(n2) {
    return f2 = 5, w2(function() {
      return { current: n2 };
    }, []);
  }
  function w2(n2, r3) {
    var u3 = y2(t2++, 7);
    return E2(u3.__H, r3) && (u3.__ = n2(), u3.__H = r3), u3.__;
  }
  function b(n2, t3) {
    return f2 = 8, w2(function() {
      return n2;
    }, t3);
  }
  function g2() {
    var n2;
    do {
      for (; n2 = e2.shift(); ) try {
        C2(n2);
      } catch (t4) {
        a2.__e(t4, { __: (n2 = n2.__P) && n2.__v });
      }
      for (; n2 = c2.shift(); ) {
        var t3 = n2.__H;
        if (n2.__P && t3) try {
          t3.__h.some(C2), t3.__h.some(D2), t3.__h = [];
        } catch (r3) {
          t3.__h = [], a2.__e(r3, n2.__v);
        }
      }
    } while (e2.length);
  }
  a2.__b = function(n2) {
    r2 = null, v2 && v2(n2);
  }, a2.__ = function(n2, t3) {
    n2 && t3.__k && t3.__k.__m && (n2.__m = t3.__k.__m), p2 && p2(n2, t3);
  }, a2.__r = function(n2) {
    l2 && l2(n2), t2 = 0;
    var i3 = (r2 = n2.__c).__H;
    i3 && (u2 == r2 ? r2.__h = [] : (i3.__h.some(C2), i3.__h.some(D2), t2 = 0), i3.__h = [], i3.__.some(function(n3) {
      n3.__N && (n3.__ = n3.__N), n3.u = n3.__N = void 0;
    })), u2 = r2;
  }, a2.diffed = function(n2) {
    m2 && m2(n2);
    var t3 = n2.__c;
    t3 && t3.__H && (t3.__H.__h.length && B2(c2.push(t3)), t3.__H.__.some(function(n3) {
      n3.u && (n3.__H = n3.u);
    })), u2 = r2 = null;
  }, a2.__c = function(n2, t3) {
    t3.some(function(n3) {
      try {
        n3.__h.some(C2), n3.__h = n3.__h.filter(function(n4) {
          return !n4.__ || D2(n4);
        });
      } catch (t4) {
        n3.__h = [function() {
          throw t4;
        }];
      }
    }), h2 && h2(n2, t3);
  }, a2.unmount = function(n2) {
    s2 && s2(n2);
    var t3, r3, u3 = n2.__c;
    u3 && u3.__H && (u3.__H.__.some(function(u4) {
      try {
        if (u4.__P && u4.__c) {
          if (void 0 === r3) {
            for (r3 = n2.__; r3 && (!r3.__c || !r3.__c.__P); ) r3 = r3.__;
            r3 = r3 && r3.__c;
          }
          u4.__P = r3, B2(e2.push(u4));
        } else C2(u4);
      } catch (n3) {
        t3 = n3;
      }
    }), u3.__H = void 0, t3 && a2.__e(t3, u3.__v));
  };
  var k = "function" == typeof requestAnimationFrame;
  function z2(n2) {
    var t3, r3 = function() {
      clearTimeout(u3), k && cancelAnimationFrame(t3), setTimeout(n2);
    }, u3 = setTimeout(r3, 35);
    k && (t3 = requestAnimationFrame(r3));
  }
  function B2(n2) {
    1 != n2 && i2 == a2.requestAnimationFrame || ((i2 = a2.requestAnimationFrame) || z2)(g2);
  }
  function C2(n2) {
    var t3 = r2, u3 = n2.__c;
    "function" == typeof u3 && (n2.__c = void 0, u3()), r2 = t3;
  }
  function D2(n2) {
    var t3 = r2;
    n2.__c = n2.__(), r2 = t3;
  }
  function E2(n2, t3) {
    return !n2 || n2.length != t3.length || t3.some(function(t4, r3) {
      return !o2(t4, n2[r3]);
    });
  }
  function G2(n2, t3) {
    return "function" == typeof t3 ? t3(n2) : t3;
  }

  // src/address.ts
  var PAGES = ["", "traces", "trace", "service", "why", "map", "compare", "ask", "sql", "status"];
  var COMMON = ["since", "from", "to", "source", "tz"];
  function read() {
    const name = location.pathname.split("/").at(-1) ?? "";
    const page = PAGES.find((page2) => page2 === name) ?? null;
    return { page, params: new URLSearchParams(location.search) };
  }
  function href(page, params = {}) {
    const now = new URLSearchParams(location.search);
    const kept = {};
    const setsWindow = "since" in params || "from" in params || "to" in params;
    for (const name of COMMON) {
      if (!(setsWindow && ["since", "from", "to"].includes(name))) kept[name] = now.get(name);
    }
    return link(page, { ...kept, ...params });
  }
  function link(page, params) {
    const text = new URLSearchParams();
    for (const [name, value] of Object.entries(params)) {
      if (value !== null && value !== void 0 && value !== "" && value !== false) text.set(name, String(value));
    }
    const query = text.toString();
    return `./${page}${query === "" ? "" : `?${query}`}`;
  }
  function go(to, how = "push") {
    if (how === "push") history.pushState(null, "", to);
    else history.replaceState(null, "", to);
    dispatchEvent(new Event("coral:address"));
  }
  function amend(params, how = "push") {
    const { page, params: now } = read();
    const to = link(page ?? "", { ...Object.fromEntries(now), ...params });
    if (to !== link(page ?? "", Object.fromEntries(now))) go(to, how);
  }
  function useAddress() {
    const [address, set] = d2(read);
    A2(() => {
      const changed = () => set(read());
      addEventListener("popstate", changed);
      addEventListener("coral:address", changed);
      return () => {
        removeEventListener("popstate", changed);
        removeEventListener("coral:address", changed);
      };
    }, []);
    return address;
  }
  function followLinks() {
    addEventListener("click", (event) => {
      if (event.defaultPrevented || event.button !== 0) return;
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const anchor = event.target?.closest?.("a[href^='./']");
      const to = anchor?.getAttribute("href");
      if (!anchor || to === null || to === void 0 || anchor.hasAttribute("download")) return;
      event.preventDefault();
      const isOtherPage = to.split("?")[0] !== `./${read().page ?? ""}`;
      go(to);
      if (isOtherPage) scrollTo(0, 0);
    });
  }

  // src/format/visible.ts
  var HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
  function visible(text) {
    return text.replace(HIDDEN, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
  }
  var WORDS = ["title", "aria-label", "aria-description", "alt", "placeholder"];
  function showEverything() {
    const before = n.vnode;
    n.vnode = (vnode) => {
      const props = vnode.props;
      if (vnode.type === null && typeof props === "string") {
        vnode.props = visible(props);
      } else if (typeof vnode.type === "string" && props !== null && typeof props === "object") {
        const words = props;
        for (const word of WORDS) {
          const text = words[word];
          if (typeof text === "string") words[word] = visible(text);
        }
      }
      before?.(vnode);
    };
  }

  // src/format/time.ts
  var ZoneContext = U("utc");
  function times(zone) {
    const timeZone = zone === "utc" ? "UTC" : void 0;
    const format = (options) => new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options, ...timeZone ? { timeZone } : {} });
    const minute = format({ hour: "2-digit", minute: "2-digit" });
    const second = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
    const day = format({ day: "numeric", month: "short" });
    const dayOfYear = format({ day: "numeric", month: "short", year: "numeric" });
    const name = format({ timeZoneName: "short" }).formatToParts(/* @__PURE__ */ new Date());
    const zoneName = name.find((part) => part.type === "timeZoneName")?.value ?? "UTC";
    const millis = (us) => Math.floor(us % 1e6 / 1e3).toString().padStart(3, "0");
    const precise = (us) => `${second.format(us / 1e3)}.${millis(us)}`;
    return {
      minute: (us) => minute.format(us / 1e3),
      precise,
      full: (us) => `${dayOfYear.format(us / 1e3)}, ${precise(us)} ${zoneName}`,
      short: (us) => day.format(us / 1e3) === day.format(Date.now()) ? minute.format(us / 1e3) : `${day.format(us / 1e3)}, ${minute.format(us / 1e3)}`
    };
  }
  var TIMES = { utc: times("utc"), local: times("local") };
  function rfc3339(us) {
    return new Date(us / 1e3).toISOString();
  }

  // src/window.ts
  var LENGTHS = [
    { since: "5m", label: "last 5 min" },
    { since: "15m", label: "last 15 min" },
    { since: "1h", label: "last hour" },
    { since: "3h", label: "last 3 hours" },
    { since: "6h", label: "last 6 hours" },
    { since: "1d", label: "last day" },
    { since: "3d", label: "last 3 days" },
    { since: "7d", label: "last 7 days" }
  ];
  var DEFAULT = "15m";
  function windowOf({ params }) {
    const from = params.get("from");
    const to = params.get("to");
    if (from !== null) {
      const until = to ?? "now";
      const flags = `--since ${from}${to === null ? "" : ` --until ${to}`}`;
      return {
        ask: { since: from, until },
        label: `${readable(from)} – ${to === null ? "now" : readable(to)}`,
        isRelative: false,
        isDefault: false,
        flags,
        explicitFlags: flags
      };
    }
    const since = params.get("since") ?? DEFAULT;
    const known = LENGTHS.find((length) => length.since === since);
    const isDefault = !params.has("since");
    return {
      ask: { since, until: "now" },
      label: known?.label ?? `since ${since}`,
      isRelative: true,
      isDefault,
      flags: isDefault ? "" : `--since ${since}`,
      explicitFlags: `--since ${since}`
    };
  }
  function lengthMs(text) {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
    const unit = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 }[match?.[2] ?? ""];
    return match && unit ? Number(match[1]) * unit : null;
  }
  function bounds(window) {
    const until = window.ask.until === "now" ? Date.now() : Date.parse(window.ask.until);
    const length = lengthMs(window.ask.since);
    const since = length === null ? Date.parse(window.ask.since) : until - length;
    return Number.isNaN(since) || Number.isNaN(until) ? null : { since: since * 1e3, until: until * 1e3 };
  }
  function pinned(window) {
    const range = bounds(window);
    return range && { since: null, from: rfc3339(range.since), to: rfc3339(range.until) };
  }
  function shift(window, windows) {
    const range = bounds(window);
    if (range === null) return;
    const by = (range.until - range.since) * windows;
    const until = Math.min(range.until + by, Date.now() * 1e3);
    amend({ since: null, from: rfc3339(until - (range.until - range.since)), to: rfc3339(until) });
  }
  function readable(time) {
    return time.replace("T", " ").replace(/(:\d\d)(\.\d+)?Z$/, "$1 UTC");
  }

  // node_modules/preact/jsx-runtime/dist/jsxRuntime.mjs
  var f3 = /* @__PURE__ */ Symbol.for("pv");
  var o3 = 0;
  function a3(t3, e3, n2, u3, a4, i3) {
    e3 || (e3 = {});
    var c3, l3, p3 = e3;
    if ("ref" in p3 && "function" != typeof t3) for (l3 in p3 = {}, e3) "ref" == l3 ? c3 = e3[l3] : p3[l3] = e3[l3];
    var s3 = { type: t3, props: p3, key: n2, ref: c3, __k: null, __: null, __b: 0, __e: null, __c: null, constructor: f3, __v: --o3, __i: -1, __u: 0 };
    return (a4 || i3) && (s3.__source = a4, s3.__self = i3), n.vnode && n.vnode(s3), s3;
  }

  // src/frame/announce.tsx
  var say = () => {
  };
  function announce(text) {
    say(text);
  }
  function Announcements() {
    const [text, set] = d2("");
    A2(() => {
      say = set;
      return () => {
        say = () => {
        };
      };
    }, []);
    return /* @__PURE__ */ a3("div", { class: "unseen", role: "status", "aria-live": "polite", children: text });
  }

  // src/frame/copy.ts
  async function copy(text, what) {
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    const copied = done ?? copySelection(text);
    announce(copied ? `${what} copied` : `${what} could not be copied`);
    return copied;
  }
  function copySelection(text) {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }

  // src/frame/stored.ts
  function stored(name) {
    try {
      return localStorage.getItem(`coral.${name}`);
    } catch {
      return null;
    }
  }
  function store(name, value) {
    try {
      if (value === null) localStorage.removeItem(`coral.${name}`);
      else localStorage.setItem(`coral.${name}`, value);
    } catch {
    }
  }

  // src/frame/keys.ts
  var SEQUENCE_MS = 1200;
  var layers = [];
  var first = null;
  function keysNow() {
    return layers;
  }
  function singleKeysAreOn() {
    return stored("keys") !== "off";
  }
  function switchSingleKeys(on) {
    store("keys", on ? null : "off");
  }
  function useKeys(title, keys) {
    A2(() => {
      const layer = { title, keys };
      layers.push(layer);
      return () => {
        layers.splice(layers.indexOf(layer), 1);
      };
    });
  }
  function isTyping(target) {
    return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
  }
  function find(keys) {
    for (const layer of layers.toReversed()) {
      const key = layer.keys.find((key2) => key2.keys === keys);
      if (key) return key;
    }
    return void 0;
  }
  function listenToKeys() {
    addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key !== "Escape" && isTyping(event.target)) return;
      const isOnControl = event.target instanceof HTMLElement && event.target.closest("button, a[href], summary") !== null;
      if (isOnControl && (event.key === "Enter" || event.key === " ")) return;
      if (event.key.length === 1 && !singleKeysAreOn()) return;
      const sequence = first && Date.now() - first.at < SEQUENCE_MS ? `${first.key} ${event.key}` : null;
      const key = sequence && find(sequence) || find(event.key);
      const begins = layers.some((layer) => layer.keys.some((key2) => key2.keys.startsWith(`${event.key} `)));
      first = begins && key === void 0 ? { key: event.key, at: Date.now() } : null;
      if (!key) return;
      event.preventDefault();
      key.run(event);
    });
  }

  // src/frame/help.tsx
  function Help(props) {
    const dialog = T2(null);
    const [on, setOn] = d2(singleKeysAreOn);
    const [layers2] = d2(() => keysNow().map((layer) => ({ ...layer, keys: [...layer.keys] })));
    A2(() => dialog.current?.showModal(), []);
    return /* @__PURE__ */ a3("dialog", { ref: dialog, class: "help", "aria-labelledby": "help-title", onClose: props.close, onClick: (event) => event.target === dialog.current && props.close(), children: [
      /* @__PURE__ */ a3("div", { class: "help-head", children: [
        /* @__PURE__ */ a3("h2", { id: "help-title", children: "Keys" }),
        /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: props.close, children: "Close" })
      ] }),
      layers2.toReversed().map((layer) => /* @__PURE__ */ a3("section", { children: [
        /* @__PURE__ */ a3("h3", { children: layer.title }),
        /* @__PURE__ */ a3("dl", { children: layer.keys.map((key) => /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: key.keys.split(" ").map((part, at) => /* @__PURE__ */ a3("kbd", { children: NAMES[part] ?? part }, at)) }),
          /* @__PURE__ */ a3("dd", { children: key.does })
        ] }, key.keys)) })
      ] }, layer.title)),
      /* @__PURE__ */ a3("label", { class: "check", children: [
        /* @__PURE__ */ a3("input", { type: "checkbox", checked: on, onChange: () => {
          switchSingleKeys(!on);
          setOn(!on);
        } }),
        "Single keys do something"
      ] }),
      /* @__PURE__ */ a3("h3", { children: "Search" }),
      /* @__PURE__ */ a3("p", { children: /* @__PURE__ */ a3("code", { children: "service:payments status:error duration>500ms http.route=/charge name~charge -service:health" }) }),
      /* @__PURE__ */ a3("p", { class: "soft", children: [
        "An id, or the beginning of one, opens the trace. A question such as ",
        /* @__PURE__ */ a3("q", { children: "why is payments slow?" }),
        " is answered in words."
      ] })
    ] });
  }
  var NAMES = {
    ArrowUp: "↑",
    ArrowDown: "↓",
    ArrowLeft: "←",
    ArrowRight: "→",
    " ": "Space",
    Escape: "Esc"
  };

  // src/frame/completions.tsx
  function useCompletions(_text, _at) {
    return { items: [], isOpen: false, active: void 0, keydown: () => null, close: () => {
    } };
  }
  function Completions(props) {
    if (!props.of.isOpen) return null;
    return null;
  }

  // src/frame/omnibox.tsx
  function Omnibox(props) {
    const { page, params } = props.address;
    const fromUrl = page === "traces" || page === "ask" ? params.get("q") ?? "" : "";
    const [text, setText] = d2(fromUrl);
    const [at, setAt] = d2(null);
    const input = T2(null);
    A2(() => setText(fromUrl), [fromUrl, page]);
    useKeys("Everywhere", [{ keys: "/", does: "search, paste an id, or ask", run: () => input.current?.select() }]);
    const completions = useCompletions(text, at);
    const submit = (event) => {
      event.preventDefault();
      completions.close();
      input.current?.blur();
      go(destination(text.trim()));
    };
    const keydown = (event) => {
      const chosen = completions.keydown(event);
      if (chosen !== null) {
        setText(chosen.text);
        setAt(chosen.at);
      } else if (event.key === "Escape") {
        input.current?.blur();
      }
    };
    return /* @__PURE__ */ a3("form", { class: "omnibox", role: "search", onSubmit: submit, children: [
      /* @__PURE__ */ a3(
        "input",
        {
          ref: input,
          type: "text",
          value: text,
          "aria-label": "Search, paste a trace id, or ask",
          placeholder: "Search, paste an id, or ask: why is payments slow?",
          autocomplete: "off",
          autocapitalize: "off",
          spellcheck: false,
          role: "combobox",
          "aria-expanded": completions.isOpen,
          "aria-controls": "completions",
          "aria-autocomplete": "list",
          "aria-activedescendant": completions.active,
          onInput: (event) => {
            setText(event.currentTarget.value);
            setAt(event.currentTarget.selectionStart);
          },
          onKeyDown: keydown,
          onBlur: () => setAt(null)
        }
      ),
      /* @__PURE__ */ a3(Completions, { of: completions, choose: (chosen) => {
        setText(chosen.text);
        setAt(chosen.at);
        input.current?.focus();
      } }),
      /* @__PURE__ */ a3("kbd", { class: "omnibox-key", "aria-hidden": "true", children: "/" })
    ] });
  }
  function destination(text) {
    const id = /^(?:[0-9a-f]{4,32})$/i.exec(text)?.[0];
    if (id !== void 0 && /\d/.test(id)) return href("trace", { id: id.toLowerCase() });
    if (isQuestion(text)) return href("ask", { q: text });
    return href("traces", { q: text });
  }
  function isQuestion(text) {
    return /\?\s*$/.test(text) || /^(why|what|which|who|how|is|are|show|list|did|does|when|where|any)\s/i.test(text) && !/[:=<>~]/.test(text);
  }

  // src/frame/session.ts
  var OWN = { "x-coral-csrf": "1" };
  function usePerson() {
    const [person, set] = d2(null);
    A2(() => {
      const ask2 = () => {
        void fetch("../api/v1/whoami", { headers: { accept: "application/json" } }).then(async (response) => {
          if (response.ok) set(await response.json());
          else if (response.status === 401) set("signed-out");
        }).catch(() => {
        });
      };
      const signedOut = () => set("signed-out");
      ask2();
      addEventListener("coral:signed-out", signedOut);
      addEventListener("coral:signed-in", ask2);
      return () => {
        removeEventListener("coral:signed-out", signedOut);
        removeEventListener("coral:signed-in", ask2);
      };
    }, []);
    return person;
  }
  async function signOut() {
    await fetch("../auth/logout", { method: "POST", headers: OWN }).catch(() => {
    });
    dispatchEvent(new Event("coral:signed-out"));
  }

  // src/frame/theme.ts
  function theme() {
    const forced = document.documentElement.dataset["theme"];
    return forced === "dark" || forced === "light" ? forced : "system";
  }
  function setTheme(theme2) {
    store("theme", theme2 === "system" ? null : theme2);
    if (theme2 === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme2;
    dispatchEvent(new Event("coral:theme"));
  }

  // src/frame/time-picker.tsx
  function TimePicker(props) {
    const { window } = props;
    const details = T2(null);
    const close = () => {
      if (details.current) details.current.open = false;
    };
    useKeys("Everywhere", [{
      keys: "t",
      does: "choose the time window",
      run: () => {
        if (!details.current) return;
        details.current.open = true;
        details.current.querySelector("button, input")?.focus();
      }
    }]);
    const choose = (since) => {
      amend({ since, from: null, to: null });
      close();
    };
    const submit = (event) => {
      event.preventDefault();
      const form = new FormData(event.currentTarget);
      const time = (name) => String(form.get(name) ?? "").trim();
      amend({ since: null, from: time("from"), to: time("to") });
      close();
    };
    const leave = (event) => {
      if (event.relatedTarget instanceof Node && !details.current?.contains(event.relatedTarget)) close();
    };
    return /* @__PURE__ */ a3("details", { ref: details, class: "menu", onFocusOut: leave, onKeyDown: (event) => event.key === "Escape" && close(), children: [
      /* @__PURE__ */ a3("summary", { class: "button", title: window.label, children: window.label }),
      /* @__PURE__ */ a3("div", { class: "menu-body", children: [
        /* @__PURE__ */ a3("ul", { children: LENGTHS.map((length) => /* @__PURE__ */ a3("li", { children: /* @__PURE__ */ a3("button", { type: "button", class: "menu-item", "aria-pressed": window.isRelative && window.ask.since === length.since, onClick: () => choose(length.since), children: length.label }) }, length.since)) }),
        /* @__PURE__ */ a3("form", { onSubmit: submit, children: [
          /* @__PURE__ */ a3("label", { children: [
            "From ",
            /* @__PURE__ */ a3("input", { name: "from", required: true, placeholder: "02:40, 2026-11-25T14:02:00Z", defaultValue: window.isRelative ? "" : window.ask.since })
          ] }),
          /* @__PURE__ */ a3("label", { children: [
            "To ",
            /* @__PURE__ */ a3("input", { name: "to", placeholder: "now", defaultValue: window.isRelative || window.ask.until === "now" ? "" : window.ask.until })
          ] }),
          /* @__PURE__ */ a3("button", { type: "submit", children: "Use these times" })
        ] })
      ] })
    ] });
  }

  // src/frame/frame.tsx
  var LINKS = [
    { page: "", title: "Home" },
    { page: "traces", title: "Traces" },
    { page: "map", title: "Map" },
    { page: "why", title: "Why" },
    { page: "sql", title: "SQL", needs: "sql.read" },
    { page: "status", title: "Status", needs: "status.read" }
  ];
  function Frame(props) {
    const { address, window, zone } = props;
    const [isHelp, setHelp] = d2(false);
    const [shown, setShown] = d2(theme);
    const turnTheme = () => {
      const next = shown === "system" ? "dark" : shown === "dark" ? "light" : "system";
      setTheme(next);
      setShown(next);
      announce(`Theme: ${next}`);
    };
    const turnZone = () => amend({ tz: zone === "utc" ? "local" : null }, "replace");
    const copyLink = () => {
      const query = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(pinned(window) ?? {})) {
        if (value === null) query.delete(name);
        else query.set(name, value);
      }
      void copy(`${location.origin}${location.pathname}?${query}`, "Link");
    };
    const open = (page) => () => {
      go(href(page));
      scrollTo(0, 0);
    };
    useKeys("Everywhere", [
      { keys: "g h", does: "Home", run: open("") },
      { keys: "g t", does: "Traces", run: open("traces") },
      { keys: "g m", does: "Map", run: open("map") },
      { keys: "g w", does: "Why", run: open("why") },
      { keys: "g s", does: "Status", run: open("status") },
      { keys: "[", does: "earlier window", run: () => shift(window, -1) },
      { keys: "]", does: "later window", run: () => shift(window, 1) },
      { keys: "r", does: "ask again, now", run: props.refresh },
      { keys: "y", does: "copy a link with fixed times", run: copyLink },
      { keys: "d", does: "dark, light or the system's theme", run: turnTheme },
      { keys: "?", does: "these keys", run: () => setHelp(true) }
    ]);
    A2(() => {
      document.documentElement.dataset["page"] = address.page ?? "none";
    }, [address.page]);
    const current = address.page === "trace" || address.page === "compare" ? "traces" : address.page === "service" ? "" : address.page;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("a", { class: "skip", href: "#content", children: "Skip to the content" }),
      /* @__PURE__ */ a3("header", { class: "top", children: [
        /* @__PURE__ */ a3("a", { class: "brand", href: href(""), "aria-label": "Coral, Home", children: [
          /* @__PURE__ */ a3("img", { src: "./icon.svg", alt: "", width: "22", height: "22" }),
          "coral"
        ] }),
        /* @__PURE__ */ a3("nav", { "aria-label": "Pages", children: LINKS.filter((link2) => !link2.needs || props.person === null || props.person.permissions.includes(link2.needs)).map((link2) => /* @__PURE__ */ a3("a", { href: href(link2.page), "aria-current": current === link2.page ? "page" : void 0, children: link2.title }, link2.page)) }),
        /* @__PURE__ */ a3(Omnibox, { address }),
        /* @__PURE__ */ a3("div", { class: "tools", children: [
          /* @__PURE__ */ a3(TimePicker, { window }),
          window.isRelative && /* @__PURE__ */ a3("button", { type: "button", class: "quiet live", "aria-pressed": props.live, onClick: () => props.setLive(!props.live), title: props.live ? "The page asks again by itself. Press to stop." : "Ask again by itself", children: "Live" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: turnZone, title: "Time zone", children: zone === "utc" ? "UTC" : "Local" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: copyLink, title: "Copy a link with fixed times", children: "Link" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet icon", onClick: turnTheme, "aria-label": `Theme: ${shown}`, title: `Theme: ${shown}`, children: "◐" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet icon", onClick: () => setHelp(true), "aria-label": "Keys and search", title: "Keys and search", children: "?" }),
          props.person?.session === true && /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => void signOut(), title: `Signed in as ${props.person.name}`, children: "Sign out" })
        ] })
      ] }),
      props.person !== null && props.person.services.length > 0 && /* @__PURE__ */ a3("p", { class: "notice limited", children: [
        "You see services ",
        props.person.services.join(", "),
        ". Others are left out, or shown as hidden."
      ] }),
      /* @__PURE__ */ a3("main", { id: "content", tabIndex: -1, children: props.children }),
      /* @__PURE__ */ a3(Announcements, {}),
      isHelp && /* @__PURE__ */ a3(Help, { close: () => setHelp(false) })
    ] });
  }

  // src/frame/refresh.ts
  var RefreshContext = U(0);

  // src/answer.tsx
  function sentence(text) {
    const first2 = text.slice(0, 1).toUpperCase() + text.slice(1);
    return /[.!?]$/.test(first2) ? first2 : `${first2}.`;
  }

  // src/frame/sign-in.tsx
  function SignIn() {
    const [methods, setMethods] = d2({ methods: ["token"], provider: null });
    const [error, setError] = d2(null);
    const [isBusy, setBusy] = d2(false);
    A2(() => {
      document.title = "Sign in · Coral";
      void fetch("../auth/methods").then(async (answer) => {
        if (answer.ok) setMethods(await answer.json());
      }).catch(() => {
      });
    }, []);
    const submit = async (event) => {
      event.preventDefault();
      const token = new FormData(event.currentTarget).get("token");
      setBusy(true);
      const answer = await fetch("../auth/token", {
        method: "POST",
        headers: { "content-type": "application/json", ...OWN },
        body: JSON.stringify({ token: String(token).trim() })
      }).catch(() => null);
      setBusy(false);
      if (answer?.ok) return void dispatchEvent(new Event("coral:signed-in"));
      const body = await answer?.json().catch(() => null);
      setError(body?.error ? `${sentence(body.error)} ${body.hint ? sentence(body.hint) : ""}` : "The colony cannot be reached.");
    };
    const next = `/ui/${location.pathname.split("/").at(-1) ?? ""}${location.search}`;
    return /* @__PURE__ */ a3("main", { class: "sign-in", id: "content", children: [
      /* @__PURE__ */ a3("h1", { children: "Sign in to Coral" }),
      methods.methods.includes("oidc") && /* @__PURE__ */ a3("p", { children: /* @__PURE__ */ a3("a", { class: "button button-first", href: `../auth/login?next=${encodeURIComponent(next)}`, children: [
        "Sign in with ",
        methods.provider ?? "your account"
      ] }) }),
      methods.methods.includes("token") && /* @__PURE__ */ a3("form", { onSubmit: submit, children: [
        /* @__PURE__ */ a3("label", { for: "token", children: "Access token" }),
        /* @__PURE__ */ a3("input", { id: "token", name: "token", type: "password", autocomplete: "off", spellcheck: false, required: true, autofocus: true }),
        /* @__PURE__ */ a3("button", { type: "submit", class: "button-first", disabled: isBusy, children: "Sign in" }),
        /* @__PURE__ */ a3("p", { class: "soft", children: [
          "On the colony's host, ",
          /* @__PURE__ */ a3("code", { children: "coral token create" }),
          " makes one."
        ] })
      ] }),
      error !== null && /* @__PURE__ */ a3("p", { class: "notice notice-bad", role: "alert", children: error })
    ] });
  }

  // src/frame/title.ts
  function useTitle(title) {
    A2(() => {
      document.title = title === "" ? "Coral" : `${visible(title)} · Coral`;
    }, [title]);
  }

  // src/screens/ask/ask.tsx
  function Ask(_props) {
    useTitle("Ask");
    return /* @__PURE__ */ a3("h1", { children: "Ask" });
  }

  // src/screens/compare/compare.tsx
  function Compare(_props) {
    useTitle("Compare");
    return /* @__PURE__ */ a3("h1", { children: "Compare" });
  }

  // src/screens/home/home.tsx
  function Home(_props) {
    useTitle("Home");
    return /* @__PURE__ */ a3("h1", { children: "Home" });
  }

  // src/screens/map/map.tsx
  function MapScreen(_props) {
    useTitle("Map");
    return /* @__PURE__ */ a3("h1", { children: "Map" });
  }

  // src/screens/no-such-page.tsx
  function NoSuchPage() {
    useTitle("No such page");
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("h1", { children: "No such page" }),
      /* @__PURE__ */ a3("p", { children: [
        "The search above opens a trace by its id. Or go to ",
        /* @__PURE__ */ a3("a", { href: href(""), children: "Home" }),
        ", ",
        /* @__PURE__ */ a3("a", { href: href("traces"), children: "Traces" }),
        " or the ",
        /* @__PURE__ */ a3("a", { href: href("map"), children: "Map" }),
        "."
      ] })
    ] });
  }

  // src/screens/service/service.tsx
  function ServiceScreen(_props) {
    useTitle("Service");
    return /* @__PURE__ */ a3("h1", { children: "Service" });
  }

  // src/screens/sql/sql.tsx
  function Sql(_props) {
    useTitle("SQL");
    return /* @__PURE__ */ a3("h1", { children: "SQL" });
  }

  // src/screens/status/status.tsx
  function Status(_props) {
    useTitle("Status");
    return /* @__PURE__ */ a3("h1", { children: "Status" });
  }

  // src/screens/trace/trace.tsx
  function TraceScreen(_props) {
    useTitle("Trace");
    return /* @__PURE__ */ a3("h1", { children: "Trace" });
  }

  // src/screens/traces/traces.tsx
  function Traces(_props) {
    useTitle("Traces");
    return /* @__PURE__ */ a3("h1", { children: "Traces" });
  }

  // src/screens/why/why.tsx
  function WhyScreen(_props) {
    useTitle("Why");
    return /* @__PURE__ */ a3("h1", { children: "Why" });
  }

  // src/main.tsx
  var SCREENS = {
    "": Home,
    traces: Traces,
    trace: TraceScreen,
    service: ServiceScreen,
    why: WhyScreen,
    map: MapScreen,
    compare: Compare,
    ask: Ask,
    sql: Sql,
    status: Status
  };
  var LIVE = ["", "service", "status"];
  var LIVE_MS = 1e4;
  function App() {
    const address = useAddress();
    const window = windowOf(address);
    const person = usePerson();
    const [revision, setRevision] = d2(0);
    const [live, setLive] = d2(stored("live") !== "off");
    const refresh = b(() => setRevision((revision2) => revision2 + 1), []);
    const isLive = live && window.isRelative && LIVE.includes(address.page);
    A2(() => {
      if (!isLive) return;
      const timer = setInterval(() => {
        if (!document.hidden) refresh();
      }, LIVE_MS);
      return () => clearInterval(timer);
    }, [isLive]);
    if (person === "signed-out") return /* @__PURE__ */ a3(SignIn, {});
    const zone = address.params.get("tz") === "local" ? "local" : "utc";
    const Screen = address.page === null ? NoSuchPage : SCREENS[address.page];
    return /* @__PURE__ */ a3(ZoneContext.Provider, { value: zone, children: /* @__PURE__ */ a3(RefreshContext.Provider, { value: revision, children: /* @__PURE__ */ a3(
      Frame,
      {
        address,
        window,
        zone,
        person,
        live,
        refresh,
        setLive: (live2) => {
          store("live", live2 ? null : "off");
          setLive(live2);
        },
        children: /* @__PURE__ */ a3(Screen, { address, window })
      }
    ) }) });
  }
  showEverything();
  followLinks();
  listenToKeys();
  var app = document.getElementById("app");
  if (app) Q(/* @__PURE__ */ a3(App, {}), app);
})();
