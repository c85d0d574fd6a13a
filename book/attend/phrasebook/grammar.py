"""The grammar of the phrasebook, as tables: each line is a rule with a Chinese and an English side.

    {who} 把=OBJ {what:thing:small.that} 放=put 在=at {on:spot} → {who} put/放 {what} {on}

    {who}               a slot: the same phrase on both sides, in whatever order each side wants
    {what:thing:small.that}    how to fill it: the method `thing` of writer.Writer, its arguments
    放=put              a Chinese word and its gloss
    put/放              an English word and the Chinese it comes from (a/b+c: from two words;
                        a/b2: from the second b)
    <be>                an English word that agrees with {who}; <be:x> agrees with slot x
    {base} {third} {past} {done} {ing} {present}    forms of {verb}; {present} agrees with {who}

The number in front is how often the rule is drawn. A rule without a final mark gets a full stop.
Chapter 06.
"""
# ruff: noqa: E501 — a rule is one line

# ── Noun phrases ───────────────────────────────────────────────────────────────────────────────
NOUN_PHRASES = """
a    : {noun} → a {noun}
the  : {noun} → the {noun}
all  : {noun} → {nouns}
any  : {noun} → any {nouns}
one  : 一=one {measure} {noun} → a/一 {noun}
num  : {n:word:few} {measure} {noun} → {n} {nouns}
some : 一些=some {noun} → some/一些 {nouns}
many : 很多=many {noun} → many/很多 {nouns}
how  : 几=how_many {measure} {noun} → how/几 many/几 {nouns}
this : 这=this {measure} {noun} → this/这 {noun}
that : 那=that {measure} {noun} → that/那 {noun}
these : 这=this 些=PL {noun} → these/这+些 {nouns}
those : 那=that 些=PL {noun} → those/那+些 {nouns}
my   : {owner} 的=of {noun} → {owner's} {noun}
adj  : 一=one {measure} {adj} {noun} → a/一 {adj} {noun}
adjs : {n:word:few} {measure} {adj} {noun} → {n} {adj} {nouns}
that_adj : 那=that {measure} {adj} {noun} → that/那 {adj} {noun}
rel  : {who:who:known} {verb} 的=that 那=that {measure} {noun} → the/那 {noun} that/的 {who} {past}
rel_when : {who:who:known} {when:time:past:maybe} {verb} 的=that 那=that {measure} {noun} → the/那 {noun} that/的 {who} {past} {when}
"""

# ── When ───────────────────────────────────────────────────────────────────────────────────────
TIMES = {
    "past": """
    昨天=yesterday → yesterday/昨天
    昨天=yesterday 早上=morning → yesterday/昨天 morning/早上
    昨天=yesterday 下午=afternoon → yesterday/昨天 afternoon/下午
    昨晚=last_night → last/昨晚 night/昨晚
    上=last 个=M 星期=week → last/上 week/星期
    上=last 个=M 月=month → last/上 month/月
    去年=last_year → last/去年 year/去年
    {n:word:numbers} 天=day 前=ago → {n} days/天 ago/前
    今天=today 早上=morning → this/今天 morning/早上""",
    "future": """
    明天=tomorrow → tomorrow/明天
    明天=tomorrow 早上=morning → tomorrow/明天 morning/早上
    明天=tomorrow 下午=afternoon → tomorrow/明天 afternoon/下午
    今晚=tonight → tonight/今晚
    下=next 个=M 星期=week → next/下 week/星期
    下=next 个=M 月=month → next/下 month/月
    明年=next_year → next/明年 year/明年""",
    "habit": """
    每=every 天=day → every/每 day/天
    每=every 个=M {d:word:weekdays} → every/每 {d}
    每=every 个=M {d:word:weekdays} 早上=morning → every/每 {d} morning/早上
    每=every 个=M {d:word:weekdays} 下午=afternoon → every/每 {d} afternoon/下午
    每=every 个=M 星期=week → every/每 week/星期
    早上=morning → in the morning/早上
    晚上=evening → in the evening/晚上
    周末=weekend → at the weekend/周末""",
    "now": "现在=now → now/现在",
}

# ── Small parts: rules that fill a slot of their name ──────────────────────────────────────────
PARTS = {
    "spot": """
    桌子=table 上=on → on/上 the table/桌子
    桌子=table 下面=under → under/下面 the table/桌子
    椅子=chair 上=on → on/上 the chair/椅子
    床=bed 上=on → on/上 the bed/床
    床=bed 下面=under → under/下面 the bed/床
    箱子=suitcase 里=in → in/里 the suitcase/箱子
    盒子=box 里=in → in/里 the box/盒子
    篮子=basket 里=in → in/里 the basket/篮子
    {owner} 的=of 包=bag 里=in → in/里 {owner's} bag/包
    门=door 旁边=beside → beside/旁边 the door/门
    窗户=window 旁边=beside → beside/旁边 the window/窗户
    电脑=computer 旁边=beside → beside/旁边 the computer/电脑""",
    "at_spot": "在=at {spot:spot} → {spot}",
    "hiding": """
    桌子=table 下面=under → under/下面 the table/桌子
    床=bed 下面=under → under/下面 the bed/床
    树=tree 下面=under → under/下面 the tree/树
    门=door 后面=behind → behind/后面 the door/门
    房子=house 后面=behind → behind/后面 the house/房子
    河=river 旁边=beside → beside/旁边 the river/河
    花园=garden 里=in → in/里 the garden/花园""",
    "at_hiding": "在=at {spot:hiding} → {spot}",
    "beast_place": """
    在=at 树=tree 下面=under → under/下面 the tree/树
    在=at 房子=house 后面=behind → behind/后面 the house/房子
    在=at 河=river 旁边=beside → beside/旁边 the river/河
    在=at 花园=garden 里=in → in/里 the garden/花园
    在=at 农场=farm → on/在 the farm/农场""",
    "beast_verb": """
    睡觉=sleep → sleeping/睡觉
    休息=rest → resting/休息
    玩=play → playing/玩
    吃=eat 东西=thing → eating/吃 something/东西
    喝=drink 水=water → drinking/喝 water/水""",
    "by": """
    坐=by 火车=train → by/坐 train/火车
    坐=by 飞机=plane → by/坐 plane/飞机
    坐=by 船=ship → by/坐 ship/船
    坐=by 公共汽车=bus → by/坐 bus/公共汽车""",
    "ride_by": """
    坐=by 公共汽车=bus → by/坐 bus/公共汽车
    坐=by 地铁=underground → by/坐 underground/地铁
    骑=ride 自行车=bicycle → by/骑 bicycle/自行车
    开=drive 车=car → by/开 car/车
    走路=walk → on/走路 foot/走路""",
    "duration": """
    一=one 个=M 小时=hour → an/一 hour/小时
    {n:word:numbers} 个=M 小时=hour → {n} hours/小时
    半=half 个=M 小时=hour → half/半 an hour/小时
    二十=twenty 分钟=minute → twenty/二十 minutes/分钟
    四十=forty 分钟=minute → forty/四十 minutes/分钟""",
    "waiting": """
    在=at 车站=station → at/在 the station/车站
    在=at 机场=airport → at/在 the airport/机场
    在=at 银行=bank → at/在 the bank/银行
    在=at 门口=doorway → at/在 the door/门口""",
    "soon": """
    明天=tomorrow → tomorrow/明天
    明天=tomorrow 早上=morning → tomorrow/明天 morning/早上
    明天=tomorrow 下午=afternoon → tomorrow/明天 afternoon/下午
    今晚=tonight → tonight/今晚""",
    "rain": """
    {when:soon} 下雨=rain → it rains/下雨 {when}
    {when:soon} 下雪=snow → it snows/下雪 {when}
    {when:soon} 天气=weather 太=too {adj:word:weather} → the weather/天气 is too/太 {adj} {when}""",
    "fine": """
    {when:soon} 天气=weather 很=very 好=good → the weather/天气 is very/很 good/好 {when}
    {when:soon} 不=not 下雨=rain → it doesn't/不 rain/下雨 {when}""",
    "pulled": """
    拿出=take_out 了=PAST → took/拿出 out/拿出
    找到=find 了=PAST → found/找到""",
    "printed": """
    一=one 张=M 照片=photo → a/一 photo/照片
    一=one 张=M 地图=map → a/一 map/地图
    一=one 首=M 诗=poem → a/一 poem/诗
    一=one 封=M 信=letter → a/一 letter/信""",
    "at_bank": """
    存=deposit 了=PAST 一些=some 钱=money → deposited/存 some/一些 money/钱
    取=withdraw 了=PAST {n:word:round} 块=yuan 钱=money → withdrew/取 {n} yuan/块+钱
    换=change 了=PAST 一些=some 钱=money → changed/换 some/一些 money/钱
    问=ask 了=PAST 经理=manager 一=one 个=M 问题=question → asked/问 the manager/经理 a/一 question/问题""",
    "at_river": """
    钓=catch 了=PAST 一=one 条=M 鱼=fish → caught/钓 a/一 fish/鱼
    钓=catch 了=PAST {n:word:numbers} 条=M 鱼=fish → caught/钓 {n} fish/鱼
    看=watch 了=PAST 一些=some 鸭子=duck → watched/看 some/一些 ducks/鸭子
    画=paint 了=PAST 一=one 只=M {b:word:birds} → painted/画 a/一 {b}""",
    "bat_does": """
    但是=but 它=it 飞走=fly_away 了=PAST → but/但是 it/它 flew/飞走 away/飞走
    它=it 在=now 睡觉=sleep → and it/它 was/在 sleeping/睡觉
    它=it 有=have 两=two 个=M 大=big 耳朵=ear → and it/它 had/有 two/两 big/大 ears/耳朵""",
    "club_does": """
    但是=but 它=it 断=break 了=PAST → but/但是 it/它 was broken/断
    它=it 是=be 木头=wood 做=make 的=of → and it/它 was/是 made/做 of wood/木头
    它=it 是=be {owner} 的=of → and it/它 was/是 {owners}""",
    "thinks": """
    {p:who:hoper} 觉得=think → {p} <think:p>/觉得 that
    {p:who:third} 说=say → {p} <say:p>/说 that
    我=I 听说=hear → I/我 hear/听说 that
    {p:who:third} 知道=know → {p} <know:p>/知道 that""",
    "of_fruit": """
    {adv:word:degree} 甜=sweet → is {adv} sweet/甜
    {adv:word:degree} 酸=sour → is {adv} sour/酸
    {adv:word:degree} 好吃=tasty → is {adv} tasty/好吃
    {adv:word:degree} 新鲜=fresh → is {adv} fresh/新鲜""",
    "of_company": """
    {adv:word:degree} 有名=famous → is {adv} famous/有名
    卖=sell 了=PAST 很多=many {m:machines} → sold/卖 many/很多 {m}
    发布=release 了=PAST 一=one 部=M 新=new 手机=phone → released/发布 a/一 new/新 phone/手机
    开=hold 了=PAST 一=one 个=M 会=meeting → held/开 a/一 meeting/会""",
    "lately": """
    今天=today → today/今天
    今年=this_year → this/今年 year/今年
    这=this 个=M 星期=week → this/这 week/星期
    这=this 个=M 月=month → this/这 month/月""",
    "machines": """
    手机=phone → phones/手机
    电脑=computer → computers/电脑""",
    "armed": """
    那=that 个=M 士兵=soldier → that/那 soldier/士兵
    士兵=soldier → the soldier/士兵
    那=that 个=M 警察=policeman → that/那 policeman/警察
    警察=policeman → the policeman/警察""",
    "breaker": """
    {owner} 的=of {pet:word:pets} → {owner's} {pet}
    那=that 只=M {pet:word:pets} → that/那 {pet}
    那=that 个=M {child:word:children} → that/那 {child}
    {owner} 的=of {kin:word:kin} → {owner's} {kin}""",
    "someone": """
    人=person → person/人
    学生=student → student/学生
    男人=man → man/男人
    女人=woman → woman/女人""",
    "relative": """
    {owner} 的=of 同学=classmate → {owner's} classmate/同学
    {owner} 的=of 朋友=friend → {owner's} friend/朋友
    {owner} 的=of 邻居=neighbour → {owner's} neighbour/邻居""",
    "dress": """
    {colour:word:colours} 衬衫=shirt → a {colour} shirt/衬衫
    {colour:word:colours} 外套=coat → a {colour} coat/外套
    {colour:word:colours} 毛衣=jumper → a {colour} jumper/毛衣""",
    "lost": """
    把=M 钥匙=key → key/钥匙
    把=M 伞=umbrella → umbrella/伞
    部=M 手机=phone → phone/手机
    个=M 钱包=wallet → wallet/钱包
    块=M 手表=watch → watch/手表
    台=M 照相机=camera → camera/照相机""",
    "people": """
    {n:word:numbers} 个=M 学生=student → {n} students/学生
    很多=many 客人=guest → many/很多 guests/客人
    一些=some 工人=worker → some/一些 workers/工人
    {n:word:few} 位=M 老师=teacher → {n} teachers/老师
    {n:word:few} 位=M 医生=doctor → {n} doctors/医生
    {n:word:numbers} 个=M 孩子=child → {n} children/孩子
    很多=many 人=person → many/很多 people/人""",
    "one_person": """
    个=M {child:word:children} → {child}
    位=M {w:word:workers} → {w}""",
    "inside": """
    图书馆=library 里=in → in/里 the library/图书馆
    餐厅=restaurant 里=in → in/里 the restaurant/餐厅
    教室=classroom 里=in → in/里 the classroom/教室
    博物馆=museum 里=in → in/里 the museum/博物馆
    公园=park 里=in → in/里 the park/公园
    办公室=office 里=in → in/里 the office/办公室
    花园=garden 里=in → in/里 the garden/花园""",
    "seat": """
    椅子=chair 上=on → on/上 the chair/椅子
    床=bed 上=on → on/上 the bed/床
    树=tree 下面=under → under/下面 the tree/树
    窗户=window 旁边=beside → beside/旁边 the window/窗户
    {whom:whom} 旁边=beside → beside/旁边 {whom}
    {whom:whom} 旁边=beside → beside/旁边 {whom}
    河=river 旁边=beside → beside/旁边 the river/河""",
    "patient": """
    {owner} 的=of 朋友=friend → {owner's} friend/朋友
    {owner} 的=of 同学=classmate → {owner's} classmate/同学
    {owner} {kin:word:kin} → {owner's} {kin}""",
}

# ── Clauses: by what they say of time, and whether they deny it ────────────────────────────────
CLAUSES = {
    "past": """
    5 {who} {when:time:past:maybe} {with} {where} {verb:act:past} 了=PAST {what:object:full} → {who} {past} {what} {where} {with} {when}
    2 {when:time:past} {who} {with} {where} {verb:act:past} 了=PAST {what:object:full} → {when} {who} {past} {what} {where} {with}
    2 {who} {when:time:past} {with} {where} {verb:act:bare} {le:completed} {what:object:a} → {who} {past} {what} {where} {with} {when}
    1 {who} {when:time:past} {with} {where} {verb:act:bare} {what:object:a} {le:completed} → {who} {past} {what} {where} {with} {when}
    1 {who} {when:time:past} 去=go 了=PAST {there:to} → {who} went/去 {there} {when}
    1 {who} {when:time:past:maybe} 去=go {there:to:shop} {verb:act:buy} 了=PAST {what:object:full} → {who} went/去 {there} and {past} {what} {when}
    1 {who} {when:time:past} {by:by} 去=go 了=PAST {city:city} → {who} went/去 to {city} {by} {when}
    """,
    "past_not": """
    3 {who} {when:time:past:maybe} 没=not {with} {where} {verb:act:bare} {what:object:any} → {who} didn't/没 {base} {what} {where} {with} {when}
    3 {who} {when:time:past:maybe} 没=not {where} {verb:act:past} {what:object:def} → {who} didn't/没 {base} {what} {where} {when}
    2 {who} {when:time:past:maybe} 没=not 去=go {there:to} → {who} didn't/没 go/去 {there} {when}
    """,
    "future": """
    5 {who} {when:time:future} 会=will {with} {where} {verb:act:future} {what:object:plan} → {who} will/会 {base} {what} {where} {with} {when}
    2 {when:time:future} {who} 会=will {with} {where} {verb:act:future} {what:object:plan} → {when} {who} will/会 {base} {what} {where} {with}
    1 {who} {when:time:future} 会=will 去=go {there:to} → {who} will/会 go/去 {there} {when}
    1 {who} {when:time:future} 会=will 去=go {there:to:shop} {verb:act:buy} {what:object:plan} → {who} will/会 go/去 {there} to {base} {what} {when}
    1 {who} {when:time:future} 会=will {by:by} 去=go {city:city} → {who} will/会 go/去 to {city} {by} {when}
    """,
    "future_not": """
    3 {who} {when:time:future} 不=not 会=will {with} {where} {verb:act:habit} {what:object:any} → {who} won't/不+会 {base} {what} {where} {with} {when}
    2 {who} {when:time:future} 不=not 会=will {verb:act:future} {what:object:def} → {who} won't/不+会 {base} {what} {when}
    1 {who} {when:time:future} 不=not 会=will 去=go {there:to} → {who} won't/不+会 go/去 {there} {when}
    """,
    "now": """
    5 {who} 正在=now {verb:act:bare} {what:object:a} → {who} <be>/正在 {ing} {what}
    7 {who} {when:time:now:maybe} {with} {where:where:always} {verb:act:placed} {what:object:a} → {who} <be> {ing} {what} {where} {with} {when}
    4 {who} 正在=now {verb:act:the} {what:object:a} → {who} <be>/正在 {ing} {what}
    1 {who} 坐=sit 在=at {spot:seat} → {who} <be> sitting/坐 {spot}
    5 {animal:animal} {where:beast_place} {do:beast_verb} → {animal} <be:animal> {do} {where}
    """,
    "habit": """
    5 {who} {when:time:habit} {with} {where} {verb:act:habit} {what:object:gen} → {who} {present} {what} {where} {with} {when}
    4 {who} {often:word:often} {where} {verb:act:habit} {what:object:gen} → {who} {often} {present} {what} {where}
    1 {who} {when:time:habit} {where} {verb:act:ride} {what:object:gen} → {who} {present} {what} {where} {when}
    1 {who} {when:time:habit} {by:ride_by} 去=go {there:to} → {who} <go>/去 {there} {by} {when}
    """,
    "habit_not": """
    3 {who} 不=not {verb:act:generic} {what:object:gen} → {who} <don't>/不 {base} {what}
    2 {who} 从来=never 不=not {where} {verb:act:habit} {what:object:gen} → {who} never/从来+不 {present} {what} {where}
    """,
    "ability": """
    3 {who} 会=can {verb:act:can} {what:object:gen} → {who} can/会 {base} {what}
    2 {who} 不=not 会=can {verb:act:can} {what:object:gen} → {who} can't/不+会 {base} {what}
    """,
    "wish": """
    3 {who} {when:time:future:maybe} 想=want {with} {where} {verb:act:future} {what:object:plan} → {who} <want>/想 to {base} {what} {where} {with} {when}
    2 {who} {when:time:future:maybe} 不=not 想=want {where} {verb:act:habit} {what:object:any} → {who} <don't>/不 want/想 to {base} {what} {where} {when}
    3 {who} 喜欢=like {with} {where} {verb:act:habit} {what:object:gen} → {who} <like>/喜欢 {ing} {what} {where} {with}
    1 {who} 喜欢=like {with} {verb:act:speak} {what:object:gen} → {who} <like>/喜欢 {ing} {what} {with}
    2 {who} 不=not 喜欢=like {where} {verb:act:habit} {what:object:gen} → {who} <don't>/不 like/喜欢 {ing} {what} {where}
    2 {who} {when:time:future:maybe} {must:word:must} {where} {verb:act:future} {what:object:plan} → {who} {must} {base} {what} {where} {when}
    """,
    "experience": """
    3 {who} {verb:act:done} 过=ever {what:object:def} → {who} <have>/过 {done} {what}
    2 {who} 没=not {verb:act:done} 过=ever {what:object:def} → {who} <have> never/没 {done} {what}
    1 {who} 去=go 过=ever {city:city} → {who} <have>/过 been/去 to {city}
    1 {who} 没=not 去=go 过=ever {city:city} → {who} <have> never/没 been/去 to {city}
    """,
    "state": """
    2 {who} {when:time:now:maybe} 很=very {adj:word:feelings} → {who} <be> very/很 {adj} {when}
    2 {who} {when:time:now:maybe} 不=not {adj:word:feelings} → {who} <isn't>/不 {adj} {when}
    2 {who} {when:time:past} 很=very {adj:word:feelings} → {who} <was> very/很 {adj} {when}
    2 {who} 是=be {job:job} → {who} <be>/是 {job}
    2 {who} 不=not 是=be {job:job} → {who} <isn't>/不+是 {job}
    2 {who} {where:where_is} → {who} <be> {where}
    """,
    "reason_past": """
    4 {who} 很=very {adj:word:reasons} → {who} <was> very/很 {adj}
    2 {who} 生病=ill 了=PAST → {who} <was> ill/生病
    2 {who} 没=not 有=have 时间=time → {who} didn't/没 have/有 time/时间
    2 天气=weather 太=too {adj:word:weather} 了=TOO → the weather/天气 was too/太 {adj}
    1 外面=outside 在=now 下雨=rain → it was raining/下雨 outside/外面
    """,
    "reason_now": """
    4 {who} 很=very {adj:word:reasons} → {who} <be> very/很 {adj}
    2 {who} 没=not 有=have 时间=time → {who} <don't>/没 have/有 time/时间
    2 天气=weather 太=too {adj:word:weather} 了=TOO → the weather/天气 is too/太 {adj}
    1 外面=outside 在=now 下雨=rain → it is raining/下雨 outside/外面
    """,
    "poor": """
    1 {who} 没=not 有=have 钱=money → {who} didn't/没 have/有 any money/钱
    """,
    "no_buy": """
    1 {who} {when:time:past:maybe} 没=not {where} {verb:act:buy} {what:object:any} → {who} didn't/没 {base} {what} {where} {when}
    """,
    "past_full": """
    1 {who} {when:time:past} {with:company:always} {where:where:away} {verb:act:past_placed} 了=PAST {what:object:rich} → {who} {past} {what} {where} {with} {when}
    """,
    "past_not_full": """
    1 {who} {when:time:past} 没=not {with:company:always} {where:where:always} {verb:act:placed} {what:object:any} → {who} didn't/没 {base} {what} {where} {with} {when}
    """,
    "while_full": """
    1 {who} {with:company:always} {where:where:away} {verb:act:placed} {what:object:a} → {who} <was> {ing} {what} {where} {with}
    """,
    "refusal": """
    2 {who} 不=not 想=want 去=go {there:to} → {who} <don't>/不 want/想 to go/去 {there}
    2 {who} 不=not 能=can {verb:act:future} {what:object:def} → {who} can't/不+能 {base} {what}
    2 {who} 不=not 能=can 去=go {there:to} → {who} can't/不+能 go/去 {there}
    2 {who} 不=not 想=want {where} {verb:act:habit} {what:object:any} → {who} <don't>/不 want/想 to {base} {what} {where}
    """,
    "then": """
    1 {who} 就=then 会=will 去=go {there:to} → {who} will/会 go/去 {there}
    1 {who} 就=then 会=will {where} {verb:act:future} {what:object:plan} → {who} will/会 {base} {what} {where}
    """,
    "then_not": """
    1 {who} 就=then 不=not 去=go {there:to} → {who} won't/不 go/去 {there}
    1 {who} 就=then 不=not 会=will {verb:act:future} {what:object:def} → {who} won't/不+会 {base} {what}
    """,
    "while": """
    1 {who} {where:where:always} {verb:act:placed} {what:object:a} → {who} <was> {ing} {what} {where}
    """,
    "past_long": """
    1 {who} {when:time:past:maybe} {with} {where:where:away} {verb:act:past_placed} 了=PAST {what:object:full} → {who} {past} {what} {where} {with} {when}
    """,
    "done": """
    1 {who} {where:where:away} {verb:act:past_placed} 了=PAST {what:object:few} → {who} {past} {what} {where}
    """,
    "errand": """
    1 去=go 了=PAST {there:to} → went/去 {there}
    1 回=return 家=home 了=PAST → went/回 home/家
    1 给=to {whom:me} 打=call 了=PAST 电话=phone → called/打+电话 {whom}
    """,
    "home": """
    1 {who} 就=then 回=return 家=home 了=PAST → {who} went/回 home/家
    1 {who} 就=then 去=go 了=PAST {there:to} → {who} went/去 {there}
    """,
}  # fmt: skip

# ── Sentences ──────────────────────────────────────────────────────────────────────────────────
SENTENCES = {
    "one clause": """
    12 {c:clause:past}                                   → {c}
    6 {c:clause:past_not}                                → {c}
    8 {c:clause:future}                                  → {c}
    4 {c:clause:future_not}                              → {c}
    12 {c:clause:now}                                    → {c}
    26 {c:clause:habit}                                  → {c}
    3 {c:clause:habit_not}                               → {c}
    4 {c:clause:ability}                                 → {c}
    9 {c:clause:wish}                                    → {c}
    7 {c:clause:experience}                              → {c}
    6 {c:clause:state}                                   → {c}
    """,
    "yes or no": """
    4 {who:who:asked} {when:time:past:maybe} {where} {verb:act:past} 了=PAST {what:object:full} 吗=? ？=? → did/吗 {who} {base} {what} {where} {when} ?/？
    3 {who:who:asked} {when:time:past} {with} {where} {verb:act:bare} {what:object:a} 了=PAST 吗=? ？=? → did/吗 {who} {base} {what} {where} {with} {when} ?/？
    1 {who:who:asked} 找到=find {what:thing:small.my} 了=PAST 吗=? ？=? → did/吗 {who} find/找到 {what} ?/？
    4 {who:who:asked} {when:time:future} 会=will {with} {where} {verb:act:future} {what:object:plan} 吗=? ？=? → will/会 {who} {base} {what} {where} {with} {when} ?/？
    4 {who:who:asked} {often:word:often} {where} {verb:act:habit} {what:object:gen} 吗=? ？=? → <do>/吗 {who} {often} {base} {what} {where} ?/？
    3 {who:who:asked} 会=can {verb:act:can} {what:object:gen} 吗=? ？=? → can/会 {who} {base} {what} ?/？
    3 {who:who:asked} 喜欢=like {where} {verb:act:habit} {what:object:gen} 吗=? ？=? → <do>/吗 {who} like/喜欢 {ing} {what} {where} ?/？
    3 {who:who:asked} {when:time:future:maybe} 想=want {with} {where} {verb:act:future} {what:object:plan} 吗=? ？=? → <do>/吗 {who} want/想 to {base} {what} {where} {with} {when} ?/？
    2 {who:who:asked} {when:time:now:maybe} {where:where:always} {verb:act:placed} {what:object:a} 吗=? ？=? → <be>/吗 {who} {ing} {what} {where} {when} ?/？
    2 {who:who:asked} {verb:act:done} 过=ever {what:object:def} 吗=? ？=? → <have>/过 {who} {done} {what} ?/？
    1 {who:who:asked} 去=go 过=ever {city:city} 吗=? ？=? → <have>/过 {who} ever/过 been/去 to {city} ?/？
    1 {who:who:asked} 是=be {job:job} 吗=? ？=? → <be>/是 {who} {job} ?/？
    2 {x:graded:sub} {adj:fits:x} 吗=? ？=? → <be:x>/吗 {x} {adj} ?/？
    """,
    "who, what, where": """
    3 {who:who:asked} {when:time:past:maybe} {where} {verb:act:past_ask} 了=PAST 什么=what ？=? → what/什么 did {who} {base} {where} {when} ?/？
    2 {who:who:asked} {when:time:future} 会=will {where} {verb:act:ask} 什么=what ？=? → what/什么 will/会 {who} {base} {where} {when} ?/？
    2 {who:who:asked} {often:word:often} {where} {verb:act:ask} 什么=what ？=? → what/什么 <do> {who} {often} {base} {where} ?/？
    2 谁=who {when:time:past:maybe} {where} {verb:act:past} 了=PAST {what:object:full} ？=? → who/谁 {past} {what} {where} {when} ?/？
    2 谁=who {when:time:future} 会=will {verb:act:future} {what:object:plan} ？=? → who/谁 will/会 {base} {what} {when} ?/？
    3 {who:who:asked} {when:time:past:maybe} 在=at 哪里=where {verb:act:placed_full} 的=PAST {what:object:def} ？=? → where/哪里 did {who} {base} {what} {when} ?/？
    2 {who:who:asked} {when:time:habit} 在=at 哪里=where {verb:act:placed} {what:object:gen} ？=? → where/哪里 <do> {who} {base} {what} {when} ?/？
    2 {who:who:asked} 什么时候=when 会=will {where} {verb:act:future} {what:object:plan} ？=? → when/什么时候 will/会 {who} {base} {what} {where} ?/？
    2 {who:who:asked} 为什么=why {when:time:past:maybe} 没=not {where} {verb:act:past} {what:object:def} ？=? → why/为什么 didn't/没 {who} {base} {what} {where} {when} ?/？
    2 {who:who:asked} 为什么=why {when:time:past:maybe} 没=not {verb:act:cry} ？=? → why/为什么 didn't/没 {who} {base} {when} ?/？
    2 {who:who:asked} {when:time:past:maybe} 为什么=why {where} {verb:act:cry} ？=? → why/为什么 did {who} {base} {where} {when} ?/？
    2 {who:who:asked} 为什么=why 不=not 喜欢=like {verb:act:habit} {what:object:gen} ？=? → why/为什么 <don't>/不 {who} like/喜欢 {ing} {what} ?/？
    4 {who:who:asked} {when:time:past:maybe} {where} {verb:act:counted} 了=PAST {what:object:how} ？=? → {what} did {who} {base} {where} {when} ?/？
    2 {spot:spot} 有=have {what:thing:portable.how} ？=? → {what} are/有 there/有 {spot} ?/？
    2 {what:thing:portable.my} 在=at 哪里=where ？=? → where/哪里 <be:what> {what} ?/？
    """,
    "describe": """
    7 {x:graded:sub} {adv:word:degree} {adj:fits:x} → {x} <be:x> {adv} {adj}
    2 {x:graded:sub} 太=too {adj:fits:x} 了=TOO → {x} <be:x> too/太 {adj}
    3 {x:graded:sub} 不=not {adj:fits:x} → {x} <isn't:x>/不 {adj}
    2 {x:graded:sub} 又=both {adj:fits:x} 又=and {adj2:fits:x:adj} → {x} <be:x> {adj} and/又2 {adj2}
    2 {x:person_kind} {adv:word:degree} {adj:fits:x} → {x} <be:x> {adv} {adj}
    5 {place:place} {adv:word:degree} {adj:fits:place} → {place} is {adv} {adj}
    1 {place:place} 离=from {other:place} 很=very 远=far → {place} is very/很 far/远 from/离 {other}
    1 {city:city} {when:word:today} 很=very {adj:word:weather} → it is very/很 {adj} in {city} {when}
    1 {x:thing:priced.this} {n:word:round} 块=yuan 钱=money → {x} <cost:x> {n} yuan/块+钱
    3 {x:thing:clothes+small+book.this} 是=be {owner} 的=of → {x} <be:x>/是 {owners}
    1 {who} 今年=this_year {n:word:round} 岁=years_old → {who} <be> {n} years/岁 old/岁 this/今年 year/今年
    """,
    "compare": """
    8 {x:graded:compared} 比=than {y:same:x} {adj:fits:x} → {x} <be:x> {er:er:adj} than/比 {y}
    4 {x:graded:compared} 比=than {y:same:x} {adj:fits:x} 吗=? ？=? → <be:x>/吗 {x} {er:er:adj} than/比 {y} ?/？
    4 {x:graded:compared} 比=than {y:same:x} {adj:fits:x} 得=so 多=much → {x} <be:x> much/得+多 {er:er:adj} than/比 {y}
    2 {x:graded:compared} 没有=not_as {y:same:x} {adj:fits:x} → {x} <isn't:x>/没有 as {adj} as {y}
    2 {x:graded:compared} 跟=with {y:same:x} 一样=same {adj:fits:x} → {x} <be:x> as/一样 {adj} as/跟 {y}
    6 {x:person_kind} 比=than {y:whom:x} {adj:fits:x} → {x} <be:x> {er:er:adj} than/比 {y}
    2 {x:person_kind} 没有=not_as {y:whom:x} {adj:fits:x} → {x} <isn't:x>/没有 as {adj} as {y}
    1 {x:person_kind} 跟=with {y:whom:x} 一样=same {adj:fits:x} → {x} <be:x> as/一样 {adj} as/跟 {y}
    5 {x:topped} 是=be {place:place:market} 里=in 最=most {adj:fits:x} 的=of → {x} <be:x>/是 the {est:est:adj} in/里 {place}
    3 {who:who:pupil} 是=be 我们=we 学校=school 里=in 最=most {adj:word:trait} 的=of 学生=student → {who} <be>/是 the {est:est:adj} student/学生 in/里 our/我们 school/学校
    4 {who:who:pupil} 是=be 我们=we 班=class 里=in 最=most {adj:word:trait} 的=of 学生=student → {who} <be>/是 the {est:est:adj} student/学生 in/里 our/我们 class/班
    2 {place:place} 比=than {other:place} {adj:fits2:place:other} → {place} is {er:er:adj} than/比 {other}
    """,
    "there is": """
    5 {spot:spot} 有=have {what:thing:portable.seen} → there/有 <be:what>/有 {what} {spot}
    2 {spot:spot} 有=have {what:thing:portable.a} 吗=? ？=? → is/吗 there/有 {what} {spot} ?/？
    2 {spot:spot} 没=not 有=have {what:thing:portable.any} → there/有 aren't/没 {what} {spot}
    1 {where:inside} 有=have 一=one {one:one_person} → there/有 is/有 a/一 {one} {where}
    4 {when:time:past} {where:inside} 有=have {what:people} → there/有 were/有 {what} {where} {when}
    5 {where:inside} 有=have {what:people} → there/有 are/有 {what} {where}
    3 {what:thing:portable.sub} {spot:at_spot} → {what} <be:what> {spot}
    3 {animal:animal:pet} {spot:at_hiding} → {animal} <be:animal> {spot}
    """,
    "have and want": """
    3 {who} 有=have {what:thing:owned.full} → {who} <have>/有 {what}
    2 {who} 没=not 有=have {what:thing:owned+question.any} → {who} <don't>/没 have/有 {what}
    1 {who:who:asked} 有=have {what:thing:owned+question.a} 吗=? ？=? → <do>/吗 {who} have/有 {what} ?/？
    3 {who} 要=want {what:thing:ordered.few} → {who} <want>/要 {what}
    1 {who} {when:time:past:maybe} 喝=drink 了=PAST {what:thing:hot+cool.many} → {who} drank/喝 {what} {when}
    1 {who} {when:time:past:maybe} 吃=eat 了=PAST {what:thing:dish.num} → {who} ate/吃 {what} {when}
    1 {who} {when:time:past:maybe} 吃=eat 了=PAST {what:thing:dish.many} → {who} ate/吃 {what} {when}
    1 {who} 喜欢=like {what:thing:judged.def} → {who} <like>/喜欢 {what}
    2 {who} 喜欢=like {what:thing:taste.gen} → {who} <like>/喜欢 {what}
    1 {who} 不=not 喜欢=like {what:thing:taste.gen} → {who} <don't>/不 like/喜欢 {what}
    2 {who} 怕=fear {what:thing:feared.gen} → {who} <be> afraid/怕 of/怕 {what}
    """,
    "give and take": """
    3 {who} {when:time:past:maybe} 给=for {whom} {verb:act:buy} 了=PAST {what:object:full} → {who} {past} {what} for/给 {whom} {when}
    2 {who} {when:time:past:maybe} 给=to {whom} 写=write 了=PAST {what:thing:letter.few} → {who} wrote/写 {what} to/给 {whom} {when}
    2 {who} {when:time:past:maybe} 给=to {whom} 打=call 了=PAST 电话=phone → {who} called/打+电话 {whom} {when}
    2 {who} {when:time:future} 会=will 给=to {whom} 打=call 电话=phone → {who} will/会 call/打+电话 {whom} {when}
    2 {who} {when:time:past:maybe} 送=give 给=to 了=PAST {whom} {what:thing:gifts.few} → {who} gave/送 {what} to/给 {whom} {when}
    2 {who} {when:time:past:maybe} 借=lend 给=to 了=PAST {whom} {what:thing:lent.few} → {who} lent/借 {what} to/给 {whom} {when}
    2 {who} {when:time:past:maybe} 向=from {whom} 借=borrow 了=PAST {what:thing:lent.few} → {who} borrowed/借 {what} from/向 {whom} {when}
    2 请=please 给=give {whom:me} {what:thing:ordered.few} → please/请 give/给 {whom} {what}
    2 请=please 借=lend 给=to {whom:me} {what:thing:lent.few} → please/请 lend/借 {what} to/给 {whom}
    2 {who} {when:time:past:maybe} 把=OBJ {what:thing:lent.def} 还=return 给=to {whom} 了=PAST → {who} returned/还 {what} to/给 {whom} {when}
    """,
    "move and break": """
    4 {who} {when:time:past:maybe} 把=OBJ {what:thing:portable.def} 放=put {spot:at_spot} 了=PAST → {who} put/放 {what} {spot} {when}
    3 请=please 把=OBJ {what:thing:portable.def} 放=put {spot:at_spot} → please/请 put/放 {what} {spot}
    2 别=don't 把=OBJ {what:thing:portable.def} 放=put {spot:at_spot} → don't/别 put/放 {what} {spot}
    2 {who} {when:time:past:maybe} 把=OBJ {what:thing:door.def} 关上=close 了=PAST → {who} closed/关上 {what} {when}
    1 {who} {when:time:past:maybe} 把=OBJ {what:thing:door+box.def} 打开=open 了=PAST → {who} opened/打开 {what} {when}
    3 请=please 把=OBJ {what:thing:door.def} {shut:word:shut} → please/请 {shut} {what}
    3 请=please 把=OBJ {what:thing:lamp+computer.def} {switch:word:switch} → please/请 {switch} {what}
    2 请=please 别=not {where} {verb:act:habit} {what:object:gen} → please/请 don't/别 {base} {what} {where}
    2 {what:thing:cup+lamp+toy+window.def} 被=by {whom:breaker} 打破=break 了=PAST → {what} <was:what> broken/打破 by/被 {whom}
    2 {what:thing:fruit+cake+fish.def} 被=by {whom:breaker} 吃=eat 了=PAST → {what} <was:what> eaten/吃 by/被 {whom}
    2 {what:thing:wallet+camera+phone+bicycle+car+picture.def} {when:time:past:maybe} 被=by 小偷=thief 偷=steal 了=PAST → {what} <was:what> stolen/偷 by/被 a thief/小偷 {when}
    1 {what:thing:machine+lamp+car+bicycle.def} 坏=broken 了=PAST → {what} <be:what> broken/坏
    """,
    "how long": """
    2 {who} {when:time:past:maybe} {where} {verb:act:lasting} 了=PAST {t:duration} 的=of {what:object:all} → {who} {past} {what} {where} for {t} {when}
    1 {who} {when:time:past:maybe} 打=talk 了=PAST {t:duration} 的=of 电话=phone → {who} talked/打 on the phone/电话 for {t} {when}
    1 {who} {when:time:past:maybe} 开=drive 了=PAST {t:duration} 的=of 车=car → {who} drove/开+车 for {t} {when}
    1 {who} {when:time:past:maybe} 开=meet 了=PAST {t:duration} 的=of 会=meeting → {who} <was> in/开 a meeting/会 for {t} {when}
    2 {who} {when:time:past:maybe} 花=spend 了=PAST {n:word:round} 块=yuan 钱=money → {who} spent/花 {n} yuan/块+钱 {when}
    2 {who} {when:time:past:maybe} 花=spend 了=PAST {t:duration} {verb:act:past_long} {what:object:few} → {who} spent/花 {t} {ing} {what} {when}
    1 从=from {city:place} 到=to {other:place:city} {by:ride_by} 要=take {t:duration} → it takes/要 {t} from/从 {city} to/到 {other} {by}
    1 {who} {when:time:past:maybe} {where:waiting} 等=wait 了=PAST {t:duration} → {who} waited/等 {where} for {t} {when}
    """,
    "because and if": """
    6 因为=because {r:clause:reason_past:new} ，=, 所以=so {c:clause:past_not:r} → because/因为 {r} ,/， {c}
    4 {r:clause:reason_past:new} ，=, 所以=so {c:clause:past_not:r} → {r} ,/， so/所以 {c}
    5 因为=because {r:clause:reason_now:new} ，=, 所以=so {c:clause:refusal:r} → because/因为 {r} ,/， {c}
    3 {c:clause:refusal:new} ，=, 因为=because {r:clause:reason_now:c} → {c} because/因为 {r}
    3 {c:clause:past_not:new} ，=, 因为=because {r:clause:reason_past:c} → {c} because/因为 {r}
    4 虽然=although {r:clause:reason_past:new} ，=, 但是=but {c:clause:past:r} → although/虽然 {r} ,/， {c}
    4 如果=if {r:rain} ，=, {c:clause:then_not} → if/如果 {r} ,/， {c}
    2 如果=if {r:fine} ，=, {c:clause:then} → if/如果 {r} ,/， {c}
    3 {who} {when:time:past:maybe} {where} {verb:act:past} 了=PAST {what:object:full} ，=, 但是=but {other:whoever} 没=not {again:again} → {who} {past} {what} {where} {when} ,/， but/但是 {other} didn't/没
    3 {who} {when:time:future} 会=will {where} {verb:act:future} {what:object:plan} ，=, 但是=but {other:whoever} 不=not 会=will → {who} will/会 {base} {what} {where} {when} ,/， but/但是 {other} won't/不+会2
    3 {who} {often:word:often} {where} {verb:act:habit} {what:object:gen} ，=, 但是=but {other:whoever} 不=not {again:again} → {who} {often} {present} {what} {where} ,/， but/但是 {other} <don't:other>/不
    3 {who} 喜欢=like {where} {verb:act:habit} {what:object:gen} ，=, 但是=but {other:whoever} 不=not 喜欢=like → {who} <like>/喜欢 {ing} {what} {where} ,/， but/但是 {other} <don't:other>/不+喜欢2
    3 因为=because {r:clause:poor:new} ，=, 所以=so {c:clause:no_buy:r} → because/因为 {r} ,/， {c}
    2 {c:clause:no_buy:new} ，=, 因为=because {r:clause:poor:c} → {c} because/因为 {r}
    2 {who:who:known} {when:time:past} 去=go 了=PAST {there:goal} ，=, 因为=because {he:ref:who} 想=want {verb:act:outing} {what:object:plan} → {who} went/去 {there} {when} because/因为 {he} wanted/想 to {base} {what}
    4 {c:clause:while:new} 的=of 时候=time ，=, {d:clause:while:other} → while/时候 {c} ,/， {d}
    3 {c:clause:past_long:new} ，=, 然后=then {d:clause:errand:c} → {c} ,/， and then/然后 {d}
    2 {c:clause:done:new} 以后=after ，=, {d:clause:home:c} → after/以后 {c} ,/， {d}
    """,
    "three clauses": """
    2 {who:who:known} {when:time:future} 会=will {with:company:always} {where:where:away} {verb:act:liked} {what:object:rich} ，=, 因为=because {he:ref:who} 喜欢=like {again:again} {them:them} → {who} will/会 {base} {what} {where} {with} {when} because/因为 {he} <like:he>/喜欢 {again} {them}
    2 {p:who:third} 说=say 如果=if {r:rain} ，=, {c:clause:then_not:p} → {p} <say:p>/说 that if/如果 {r} ,/， {c}
    2 因为=because {r:clause:reason_past:new} ，=, 所以=so {c:clause:past_not_full:r} → because/因为 {r} ,/， {c}
    3 虽然=although {r:clause:reason_past:new} ，=, 但是=but {c:clause:past_full:r} ，=, 然后=then {d:clause:errand} → although/虽然 {r} ,/， {c} ,/， and then/然后 {d}
    5 {p:who:third} 说=say {c:clause:past_full:p} ，=, 然后=then {d:clause:errand} → {p} <say:p>/说 that {c} ,/， and then/然后 {d}
    5 {c:clause:while_full:new} 的=of 时候=time ，=, {d:clause:while_full:other} → while/时候 {c} ,/， {d}
    2 我=I 听说=hear {r:clause:reason_past:new} ，=, 所以=so {c:clause:past_not:r} → I/我 hear/听说 that {r} ,/， so/所以 {c}
    4 {who:who:known} {when:time:past} {with:company:always} {where:where:away} {verb:act:liked} 了=PAST {what:object:rich} ，=, 因为=because {he:ref:who} 喜欢=like {again:again} {them:them} → {who} {past} {what} {where} {with} {when} because/因为 {he} <like:he>/喜欢 {again} {them}
    4 {p:who:third} 知道=know {who:whoever:p} {when:time:past} 去=go 了=PAST {there:goal} ，=, 因为=because {he:ref:who} 想=want {with:company:always} {verb:act:outing} {what:object:rich} → {p} <know:p>/知道 that {who} went/去 {there} {when} because/因为 {he} wanted/想 to {base} {what} {with}
    3 {c:clause:past_full:new} ，=, 然后=then {d:clause:errand} → {c} ,/， and then/然后 {d}
    3 {p:who:third} 说=say {r:clause:reason_past:p} ，=, 所以=so {c:clause:past_not_full:r} → {p} <say:p>/说 that {r} ,/， so/所以 {c}
    """,
    "say and think": """
    4 {p:who:third} 说=say {c:clause:future+past+habit+wish:p} → {p} <say:p>/说 that {c}
    3 {p:who:hoper} 希望=hope {c:clause:future:other} → {p} <hope:p>/希望 that {c}
    3 {p:who:third} 知道=know {c:clause:past+future+habit+ability:other} → {p} <know:p>/知道 that {c}
    2 {p:who:third} 不=not 知道=know {c:clause:past+future+ability:other} → {p} <don't:p>/不 know/知道 that {c}
    3 {p:who:hoper} 觉得=think {x:thing:judged.sub} {adv:word:degree} {adj:fits:x} → {p} <think:p>/觉得 that {x} <be:x> {adv} {adj}
    2 我=I 听说=hear {c:clause:past+future+experience:other} → I/我 hear/听说 that {c}
    """,
    "the one who": """
    2 {where:where:always} {verb:act:placed} {what:object:a} 的=who 那=that 个=M {p:someone} 是=be {y:relative} → the/那 {p} who/的 is {ing} {what} {where} is/是 {y}
    2 穿=wear {what:dress} 的=who 那=that 个=M {p:someone} 是=be {y:relative} → the/那 {p} who/的 is wearing/穿 {what} is/是 {y}
    2 {when:time:past} {verb:act:past_object} 了=PAST {what:object:few} 的=who 那=that 个=M {p:someone} {adv:word:degree} {adj:word:trait} → the/那 {p} who/的 {past} {what} {when} is {adv} {adj}
    3 {x:thing:judged.rel} {adv:word:degree} {adj:fits:x} → {x} <be:x> {adv} {adj}
    3 {who} 找到=find 了=PAST {he:ref:who} 丢=lose 的=that 那=that {lost:lost} → {who} found/找到 the/那 {lost} that/的 {he} lost/丢
    2 {who} 认识=know {where:where:always} {verb:act:placed} {what:object:a} 的=who 那=that 个=M {p:someone} → {who} <know>/认识 the/那 {p} who/的 is {ing} {what} {where}
    """,
    "short": """
    4 请=please 坐=sit 在=at {spot:seat} → please/请 sit/坐 {spot}
    2 {who} 知道=know → {who} <know>/知道
    3 {who} {verb:act:alone} 了=PAST → {who} {past}
    2 {who} {when:time:past:maybe} {where} {verb:act:cry} 了=PAST → {who} {past} {where} {when}
    2 {who} 来=come 了=PAST → {who} came/来
    3 {when:time:past} {city:city} 下雨=rain 了=PAST → it rained/下雨 in {city} {when}
    3 {when:time:past} {city:city} 下雪=snow 了=PAST → it snowed/下雪 in {city} {when}
    3 {when:time:future} {city:city} 会=will 下雨=rain → it will/会 rain/下雨 in {city} {when}
    3 {when:time:future} {city:city} 会=will 下雪=snow → it will/会 snow/下雪 in {city} {when}
    2 谢谢=thank 你=you {when:time:past:maybe} 送=give 给=to {whom:me} 的=that {x:thing:gifts.the} → thank/谢谢 you/你 for {x} that/的 you/你 gave/送 to/给 {whom} {when}
    2 谢谢=thank 你=you 的=of {x:thing:gifts.plain} → thank/谢谢 you/你 for your/你+的 {x}
    2 {who} {adv:word:degree} {adj:word:feelings} → {who} <be> {adv} {adj}
    2 {who} 去=go {there:to} 了=PAST → {who} <have> gone/去 {there}
    """,
    # words that mean one thing or another by a word that may stand far away
    "two meanings": """
    5 {a:animal} 没=not 过=cross {s:street} ，=, 因为=because 它=it 太=too {adj:word:tired} 了=TOO → {a} didn't/没 cross/过 {s} because/因为 it/它 was too/太 {adj}
    5 {a:animal} 没=not 过=cross {s:street} ，=, 因为=because 它=it 太=too {adj:wide:s} 了=TOO → {a} didn't/没 cross/过 {s} because/因为 it/它 was too/太 {adj}
    3 {a:thing:computer+camera+ball+umbrella+toy+dictionary+coat+guitar.point} 放=put 不=not 进=into {b:thing:box+bag.point} 里=in ，=, 因为=because 它=it 太=too {adj:word:size} 了=TOO → {a} didn't/不 fit/放 into/进+里 {b} because/因为 it/它 was too/太 {adj}
    2 {who:armed} {when:time:past:maybe} 打开=open 了=PAST 杂志=magazine ，=, {look:pulled} {x:printed} → {who} opened/打开 the magazine/杂志 {when} and {look} {x}
    2 {who:armed} {when:time:past:maybe} 打开=open 了=PAST 弹匣=magazine ，=, {look:pulled} {x:thing:bullet.few} → {who} opened/打开 the magazine/弹匣 {when} and {look} {x}
    2 {who} {spot:at_spot} 找到=find 了=PAST {x:thing:magazine.one} ，=, 里面=inside 有=have {y:thing:story+poem+photo.many} → {who} found/找到 {x} {spot} ,/， and there/有 were/有 {y} inside/里面
    2 {who} {spot:at_spot} 找到=find 了=PAST {x:thing:clip.one} ，=, 里面=inside 有=have {y:thing:bullet.many} → {who} found/找到 {x} {spot} ,/， and there/有 were/有 {y} inside/里面
    3 {who} {when:time:past:maybe} 走=walk 到=to 银行=bank ，=, {do:at_bank} → {who} walked/走 to/到 the bank/银行 {when} and {do}
    3 {who} {when:time:past:maybe} 走=walk 到=to 河岸=bank ，=, {do:at_river} → {who} walked/走 to/到 the bank/河岸 {when} and {do}
    3 {who} {when:time:past:maybe} 在=at 车库=garage 里=in 看见=see 了=PAST {x:thing:bat.seen1} ，=, {do:bat_does} → {who} saw/看见 {x} in/在+里 the garage/车库 {when} ,/， {do}
    3 {who} {when:time:past:maybe} 在=at 车库=garage 里=in 看见=see 了=PAST {x:thing:club.seen1} ，=, {do:club_does} → {who} saw/看见 {x} in/在+里 the garage/车库 {when} ,/， {do}
    5 {p:thinks} 苹果=apple {when:lately} {do:of_fruit} → {p} the apple/苹果 {do} {when}
    5 {p:thinks} 苹果=Apple {when:lately} {do:of_company} → {p} Apple/苹果 {do} {when}
    4 {who} {when:time:past:maybe} 在=at 镜子=mirror 里=in 看见=see 了=PAST {self:self:who} → {who} saw/看见 {self} in/在+里 the mirror/镜子 {when}
    4 {who} {when:time:past:maybe} 给=for {self:self:who} {verb:act:buy} 了=PAST {what:object:full} → {who} {past} {what} for/给 {self} {when}
    2 {owner} 的=of {r:word:texts} 里=in 的=of 那=that 个=M {w:word:words} 是=be 什么=what 意思=meaning ？=? → what/什么 does that/那 {w} in/里 {owner's} {r} mean/意思 ?/？
    2 这=this 个=M {w:word:words} 是=be 什么=what 意思=meaning ？=? → what/什么 does this/这 {w} mean/意思 ?/？
    2 {x:thing:reading+show.sub} 很=very 有=have 意思=interest → {x} <be:x> very/很 interesting/有+意思
    2 {who} {when:time:past:maybe} 去=go 医院=hospital 看=visit 了=PAST {whom:patient} → {who} went/去 to the hospital/医院 and visited/看 {whom} {when}
    """,
}  # fmt: skip

# How often each kind of sentence is drawn
WEIGHTS = {
    "one clause": 27, "yes or no": 9, "who, what, where": 10, "describe": 8, "compare": 11,
    "there is": 7, "have and want": 5, "give and take": 8, "move and break": 7, "how long": 7,
    "because and if": 14, "say and think": 8, "the one who": 7, "short": 5, "two meanings": 16,
    "three clauses": 25,
}  # fmt: skip
