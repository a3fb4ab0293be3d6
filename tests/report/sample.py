"""A report of an invented shop, in both languages, to design and test the page against. None of it is real."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from guanxi.report import charts
from guanxi.report.document import Advice, Column, DataTable, Document, Fact, Figure, Section
from guanxi.words import Message, Money

AS_OF = dt.date(2024, 12, 10)
EVIL = "</script><script>alert('1')</script> \"Ltd\" & <b>Söhne</b>"
"""A customer's name as somebody may have typed it."""


@dataclass(frozen=True)
class Said(Message):
    """A sentence of the sample, which the product's words need not hold."""

    code: str = "sample"
    en: str = ""
    zh: str = ""

    def say(self, language: str) -> str:
        return self.en if language == "en" else self.zh


def said(en: str, zh: str) -> Said:
    return Said(en=en, zh=zh)


CUSTOMERS = said("Customers", "客户数")
SALES = said("Sales", "销售额")
ORDERS = said("Orders", "订单数")
SEGMENT = said("Segment", "客户群")
SHARE = said("Share", "占比")

SEGMENTS = [
    (
        said("Champions", "重要价值客户"),
        642,
        412_380_55,
        said("Bought lately, often and much", "近期买过，买得勤，也买得多"),
    ),
    (said("Loyal", "忠诚客户"), 588, 128_914_20, said("Buy again and again", "反复回来购买")),
    (said("At risk", "流失预警"), 471, 96_233_80, said("Used to buy often, silent for months", "以前常买，已沉默数月")),
    (said("Promising", "潜力客户"), 534, 61_020_15, said("Bought lately, a few times", "近期买过几次")),
    (said("New", "新客户"), 318, 22_410_90, said("First order in the last 30 days", "最近 30 天首次下单")),
    (
        said("Hibernating", "沉睡客户"),
        902,
        58_772_35,
        said("Long silent, bought once or twice", "沉默已久，只买过一两次"),
    ),
    (said("No purchase yet", "尚未购买"), 41, 0, said("Known, but never bought", "有资料，但从未购买")),
]
MONTHS = [f"{2023 + (month + 11) // 12}-{(month + 11) % 12 + 1:02d}" for month in range(13)]
MONTHLY = [
    43_120_50,
    38_870_10,
    36_905_00,
    48_233_75,
    45_190_20,
    52_770_00,
    55_002_30,
    51_480_60,
    57_333_15,
    71_945_80,
    88_120_00,
    110_540_25,
    31_220_40,
]
NEW = [210, 164, 142, 180, 151, 160, 148, 122, 139, 201, 228, 240, 66]
RETURNING = [120, 160, 174, 231, 240, 275, 290, 281, 305, 366, 430, 498, 171]


def sample(*, customers: int = 24) -> Document:
    """The whole report; ``customers`` on the list to call."""
    return Document(
        title=said("Your customers", "客户经营报告"),
        subtitle=said(
            "Lantern & Leaf, orders from 1 December 2023 to 9 December 2024, as of 10 December 2024",
            "灯与叶茶具店 · 订单时间 2023-12-01 至 2024-12-09 · 统计截至 2024-12-10",
        ),
        facts=[
            Fact(SALES, Money(779_731_95, "GBP"), note=said("after returns", "已扣除退货")),
            Fact(CUSTOMERS, 3496, note=said("3,455 of them have bought", "其中 3,455 位买过")),
            Fact(ORDERS, 9218, note=said("2.7 a customer", "人均 2.7 单")),
            Fact(
                said("Customers who came back", "复购客户占比"),
                0.617,
                "percent",
                said("bought on two days or more", "在两天或以上下过单"),
            ),
            Fact(said("Average order", "客单价"), Money(84_59, "GBP")),
            Fact(
                said("Rows used", "有效数据行"),
                0.968,
                "percent",
                said("203,114 of 209,829", "209,829 行中的 203,114 行"),
            ),
        ],
        sections=[
            _data(),
            _sales(),
            _segments(),
            _concentration(),
            _together(),
            _cohorts(),
            _returning(),
            _places(),
            _first(customers),
        ],
        footer=said(
            "Snapshot 14, as of 10 December 2024, horizon 90 days, times of Europe/London.",
            "快照 14，统计截至 2024-12-10，预测期 90 天，时间以 Europe/London 为准。",
        ),
    )


def _data() -> Section:
    rows = [
        (said("Used", "已使用"), 203_114, 0.968, said("Sales and returns with a customer", "有客户信息的销售与退货")),
        (
            said("Kept out: no customer", "未纳入：无客户编号"),
            4_870,
            0.0232,
            said("Counted in sales over time, not in segments", "计入销售走势，不计入客户分群"),
        ),
        (
            said("Kept out: postage and fees", "未纳入：邮费与手续费"),
            1_402,
            0.0067,
            said("Codes POST, DOT, BANK", "代码 POST、DOT、BANK"),
        ),
        (
            said("Set aside", "搁置"),
            443,
            0.0021,
            said("Listed in rejects.csv with the reason", "逐行列于 rejects.csv，并注明原因"),
        ),
    ]
    return Section(
        id="data",
        title=said("The data and its quality", "数据与质量"),
        intro=[
            said(
                "The report rests on one file, orders-2024.xlsx, with 209,829 rows. Nearly all of them could be used; what could not is listed with its reason.",
                "本报告依据一个文件 orders-2024.xlsx，共 209,829 行。绝大多数可以使用；不能使用的，逐行注明了原因。",
            )
        ],
        tables=[
            DataTable(
                title=said("Where every row went", "每一行数据的去向"),
                columns=[
                    Column("what", said("Rows", "数据行")),
                    Column("rows", said("Number", "行数"), "int"),
                    Column("share", SHARE, "percent", bar=True),
                    Column("why", said("What it means", "说明")),
                ],
                rows=rows,
                total=(said("All rows", "合计"), 209_829, 1.0, None),
                caption=said(
                    "Every row of the file is in exactly one line of this table.", "文件中的每一行都且只归入上表一行。"
                ),
            )
        ],
        notes=[
            said(
                "2,310 rows occur twice within the file. They were kept, because a till may scan the same article twice.",
                "有 2,310 行在文件内重复出现。考虑到收银时同一商品可能扫描两次，这些行予以保留。",
            ),
            said(
                "No column holds the cost of goods, so everything here is sales, not profit.",
                "文件中没有成本列，因此本报告中的金额均为销售额，而非利润。",
            ),
        ],
    )


def _sales() -> Section:
    return Section(
        id="sales",
        title=said("Sales over time", "销售走势"),
        figures=[
            Figure(
                id="sales-by-month",
                title=said("Sales by month", "每月销售额"),
                finding=said(
                    "November was the strongest month with £110,540, twice the average of the months before it.",
                    "11 月销售额最高，达 £110,540，约为此前月均的两倍。",
                ),
                chart=charts.columns(MONTHS, MONTHLY, kind="money:GBP", name=SALES, incomplete_last=True),
                caption=said(
                    "Amounts of all sales less returns, by the day of the order. December 2024 runs to the 9th only and is drawn lighter. From 207,984 rows.",
                    "按下单日期汇总全部销售额并扣除退货。2024 年 12 月仅统计至 9 日，以浅色表示。依据 207,984 行数据。",
                ),
            ),
            Figure(
                id="customers-by-month",
                title=said("Customers who bought, by month", "每月购买客户数"),
                finding=said(
                    "Since March more buyers are returning ones than new ones.", "自 3 月起，每月回头客多于新客。"
                ),
                chart=charts.line(
                    MONTHS,
                    [(said("Returning", "回头客"), RETURNING), (said("New", "新客"), NEW)],
                    kind="int",
                    incomplete_last=True,
                ),
                caption=said(
                    "A customer counts once a month. New: the first order lies in that month. From 203,114 rows.",
                    "每位客户每月计一次。新客指首单在当月的客户。依据 203,114 行数据。",
                ),
            ),
        ],
    )


def _segments() -> Section:
    total = sum(amount for _, _, amount, _ in SEGMENTS)
    people = sum(number for _, number, _, _ in SEGMENTS)
    names = [name for name, *_ in SEGMENTS]
    return Section(
        id="segments",
        title=said("Who your customers are", "客户分群"),
        intro=[
            said(
                "Each customer is scored from 1 to 5 for how recently (R), how often (F) and how much (M) he bought, against all the others.",
                "按最近一次消费（R）、消费频率（F）、消费金额（M）三项，将每位客户与其他客户比较，各打 1 至 5 分。",
            )
        ],
        figures=[
            Figure(
                id="segment-sales",
                title=said("Sales by segment", "各客户群销售额"),
                finding=said(
                    "18% of the customers, the champions, bring 53% of sales.",
                    "18% 的重要价值客户贡献了 53% 的销售额。",
                ),
                chart=charts.bar(
                    names, [amount for _, _, amount, _ in SEGMENTS], kind="money:GBP", name=SALES, by=SEGMENT
                ),
                caption=said(
                    "Sales less returns of the customers of each segment up to 9 December 2024.",
                    "各客户群截至 2024-12-09 的销售额，已扣除退货。",
                ),
            ),
            Figure(
                id="segment-sizes",
                title=said("Size of the segments", "各客户群人数"),
                chart=charts.treemap(
                    names[:6], [number for _, number, _, _ in SEGMENTS[:6]], kind="int", name=CUSTOMERS, by=SEGMENT
                ),
                finding=said(
                    "Hibernating customers are the largest group; they bought once or twice and long ago.",
                    "沉睡客户人数最多，只在很久以前买过一两次。",
                ),
                caption=said("3,455 customers with a purchase.", "3,455 位有购买记录的客户。"),
            ),
            Figure(
                id="rfm",
                title=said("Recency and frequency", "最近消费与消费频率"),
                finding=said(
                    "The lower right corner needs care: 96 customers bought very often, and not for a long time.",
                    "右下角值得留意：96 位客户曾频繁购买，却已很久没有再来。",
                ),
                chart=charts.rfm_grid(
                    {
                        (r, f): int(40 + 260 * (1 - abs(r - f) / 4) ** 2 * (0.5 + r * f / 50))
                        for r in range(1, 6)
                        for f in range(1, 6)
                    }
                ),
                caption=said(
                    "Number of customers by R and F score. Scores are quintiles; equal values share a score.",
                    "按 R、F 得分统计的客户数。得分为五分位，数值相同者得分相同。",
                ),
            ),
        ],
        tables=[
            DataTable(
                title=said("Segments in numbers", "客户群一览"),
                columns=[
                    Column("segment", SEGMENT),
                    Column("customers", CUSTOMERS, "int"),
                    Column("share", SHARE, "percent"),
                    Column("amount", SALES, "money:GBP", bar=True),
                    Column("meaning", said("What it means", "含义")),
                ],
                rows=[(name, number, number / people, amount, meaning) for name, number, amount, meaning in SEGMENTS],
                total=(said("All", "合计"), people, 1.0, total, None),
            )
        ],
    )


def _concentration() -> Section:
    points = [(step / 50, round(1 - (1 - step / 50) ** 4.2, 4)) for step in range(51)]
    return Section(
        id="concentration",
        title=said("How much hangs on how few", "销售集中度"),
        figures=[
            Figure(
                id="pareto",
                title=said("Concentration of sales", "销售额集中度"),
                finding=said(
                    "The best 20% of the customers bring 61% of sales.", "消费最高的 20% 客户贡献了 61% 的销售额。"
                ),
                chart=charts.pareto(points, marks=[points[10]]),
                caption=said(
                    "Customers ordered by sales less returns, the largest first, and cumulated. 3,455 customers with a purchase.",
                    "客户按销售额（扣除退货）从高到低排列后累计。3,455 位有购买记录的客户。",
                ),
            ),
            Figure(
                id="orders-per-customer",
                title=said("Orders per customer", "客户下单次数"),
                finding=said(
                    "1,323 customers ordered once; the second order is the step to work on.",
                    "1,323 位客户只下过一单，促成第二单是关键。",
                ),
                chart=charts.histogram(
                    [1, 2, 3, 4, 6, 11, 21, None],
                    [1323, 702, 488, 451, 322, 121, 48],
                    kind="int",
                    name=CUSTOMERS,
                    by=ORDERS,
                ),
                caption=said(
                    "Orders with a positive amount, cancelled ones left out.", "仅计金额为正的订单，不含已取消订单。"
                ),
            ),
        ],
    )


def _together() -> Section:
    names = ["Clay teapot", "Tasting cups", "Bamboo tray", EVIL, "Ink stick", "Wolf-hair brush", "紫砂壶"]
    links = [(0, 1, 184, 12.4), (0, 2, 96, 7.1), (1, 2, 61, 4.4), (3, 0, 40, 2.2), (4, 5, 120, 17.7), (6, 1, 33, 3.1)]
    return Section(
        id="together",
        title=said("What sells together", "哪些商品一起卖"),
        figures=[
            Figure(
                id="web",
                title=said("The web of products", "商品关联网"),
                finding=said("Teapot and cups go together most.", "茶壶和茶杯最常一起卖。"),
                chart=charts.web(
                    names,
                    [310, 260, 140, 90, 150, 160, 70],
                    [charts.Link(*link) for link in links],
                    name=said("Baskets with both", "同时含两者的购物篮数"),
                    strength=said("Lift", "提升度"),
                    one=said("Product", "商品"),
                    other=said("With", "搭配"),
                    least=said("Baskets with both", "同时含两者的购物篮数"),
                ),
                caption=said("From 9,218 baskets.", "依据 9,218 个购物篮。"),
            )
        ],
        tables=[
            DataTable(
                title=said("Bought together", "搭配购买"),
                columns=[Column("product", said("Product", "商品")), Column("baskets", ORDERS, "int")],
                rows=[(name, size) for name, size in zip(names, [310, 260, 140, 90, 150, 160, 70], strict=True)],
                search=said("Find a product", "查找商品"),
            )
        ],
    )


def _cohorts() -> Section:
    sizes = NEW[:-1]
    shares = [
        [round(max(0.06, 0.36 - 0.022 * step - 0.004 * row + 0.05 * (step % 3 == 0)), 3) for step in range(12 - row)]
        for row in range(12)
    ]
    return Section(
        id="cohorts",
        title=said("Do new customers stay?", "新客留存"),
        figures=[
            Figure(
                id="cohort-table",
                title=said("Customers by month of their first order", "按首单月份分组的复购率"),
                finding=said(
                    "A third of the new customers buy again in the month after; after half a year it is one in four.",
                    "约三分之一的新客在次月再次购买，半年后约为四分之一。",
                ),
                chart=charts.cohorts(
                    MONTHS[:12], sizes, shares, period=said("Months after the first order", "首单后第几个月")
                ),
                caption=said(
                    "Beside each month, how many customers began in it. A cell: the share of them who ordered in that later month. Months not over are left empty.",
                    "月份右侧为当月新客人数；单元格为其中在之后该月再次下单的比例。尚未结束的月份留空。",
                ),
            )
        ],
    )


def _returning() -> Section:
    return Section(
        id="returning",
        title=said("Returning customers", "回头客"),
        figures=[
            Figure(
                id="new-and-returning",
                title=said("Sales from new and returning customers", "新客与回头客销售额"),
                finding=said("Returning customers bring 72% of sales.", "回头客贡献了 72% 的销售额。"),
                chart=charts.stacked_bar(
                    MONTHS,
                    [
                        (said("Returning", "回头客"), [amount * 72 // 100 for amount in MONTHLY]),
                        (said("New", "新客"), [amount - amount * 72 // 100 for amount in MONTHLY]),
                    ],
                    kind="money:GBP",
                    by=said("Month", "月份"),
                    upright=True,
                    incomplete_last=True,
                ),
                caption=said(
                    "New: orders in the month of a customer's first order. December 2024 runs to the 9th.",
                    "新客指客户首单所在月份的订单。2024 年 12 月仅统计至 9 日。",
                ),
            ),
            Figure(
                id="moves",
                title=said("Who moved where", "客户群流向"),
                finding=said(
                    "96 champions of September are at risk now.", "9 月的重要价值客户中，有 96 位已进入流失预警。"
                ),
                chart=charts.flows(
                    [
                        (SEGMENTS[0][0], SEGMENTS[0][0], 480),
                        (SEGMENTS[0][0], SEGMENTS[2][0], 96),
                        (SEGMENTS[1][0], SEGMENTS[0][0], 130),
                        (SEGMENTS[1][0], SEGMENTS[1][0], 402),
                        (SEGMENTS[1][0], SEGMENTS[2][0], 88),
                        (SEGMENTS[2][0], SEGMENTS[5][0], 210),
                        (SEGMENTS[2][0], SEGMENTS[2][0], 140),
                        (SEGMENTS[3][0], SEGMENTS[1][0], 155),
                        (SEGMENTS[3][0], SEGMENTS[5][0], 160),
                    ],
                    before=said("10 September", "9 月 10 日"),
                    after=said("10 December", "12 月 10 日"),
                ),
                caption=said(
                    "Customers in both runs of the mine, by segment then (left) and now (right).",
                    "两次分析中均出现的客户；左为当时所属客户群，右为现在。",
                ),
            ),
        ],
    )


def _places() -> Section:
    countries = [
        ("United Kingdom", 612_003_10),
        ("Germany", 58_220_00),
        ("EIRE", 41_870_45),
        ("France", 33_002_20),
        ("Netherlands", 18_630_00),
        ("日本", 9_904_10),
        ("Others", 6_102_10),
    ]
    products = [
        ("WHITE HANGING HEART T-LIGHT HOLDER", 812, 18_433_20),
        ("青瓷茶壶 280 毫升", 640, 16_020_00),
        ("REGENCY CAKESTAND 3 TIER", 522, 15_338_90),
        (EVIL, 410, 9_120_10),
        ("JUMBO BAG RED RETROSPOT", 388, 8_840_70),
    ]
    return Section(
        id="places",
        title=said("Countries and products", "国家与商品"),
        figures=[
            Figure(
                id="countries",
                title=said("Sales by country", "各国销售额"),
                finding=said("Four fifths of sales are made at home.", "约八成销售额来自本国。"),
                chart=charts.bar(
                    [name for name, _ in countries],
                    [amount for _, amount in countries],
                    kind="money:GBP",
                    name=SALES,
                    by=said("Country", "国家"),
                ),
                caption=said(
                    "By the country of the order, named as in the file.", "按订单所在国家统计，名称与文件一致。"
                ),
            ),
            Figure(
                id="products",
                title=said("Products that sell most", "最畅销的商品"),
                chart=charts.bar(
                    [name for name, _, _ in products],
                    [amount for _, _, amount in products],
                    kind="money:GBP",
                    name=SALES,
                    by=said("Product", "商品"),
                ),
                caption=said("Sales less returns, without postage and fees.", "销售额已扣除退货，不含邮费与手续费。"),
            ),
        ],
    )


def _first(customers: int) -> Section:
    first_names = ["王芳", "Amelia Brown", EVIL, "李建国", "Oliver Wilson", "陈静", "Grace Taylor", "欧阳娜娜"]
    rows = [
        (
            f"C{10423 + 37 * index}",
            first_names[index % 8],
            31 - index % 17,
            6_120_40 - 187_55 * index,
            AS_OF - dt.timedelta(days=92 + 5 * index),
            said("Silent three times longer than usual", "沉默时间已达平时间隔的三倍"),
        )
        for index in range(customers)
    ]
    return Section(
        id="first",
        title=said("What to do first", "先做什么"),
        intro=[said("Ordered by the sales behind each step.", "按涉及的销售额从高到低排列。")],
        advice=[
            Advice(
                said("Call the best customers who have gone silent", "致电沉默的重要客户"),
                said(
                    "They used to order every month and have been silent for a quarter. The list is below.",
                    "他们过去每月都下单，如今已沉默一个季度。名单见下表。",
                ),
                96,
                Money(58_210_30, "GBP"),
            ),
            Advice(
                said("Write to the new customers of November", "回访 11 月的新客"),
                said(
                    "Who orders a second time within 60 days stays. Send a hint on what goes with the first order.",
                    "60 天内再次下单的客户更容易留下来。可根据首单推荐搭配商品。",
                ),
                240,
                Money(22_410_90, "GBP"),
            ),
            Advice(
                said("Look after the champions", "维护好重要价值客户"),
                said(
                    "Early access instead of a discount: they buy anyway.",
                    "给他们优先选购的权利，而不是折扣：他们本来就会买。",
                ),
                642,
                Money(412_380_55, "GBP"),
            ),
        ],
        tables=[
            DataTable(
                title=said("Customers to call", "建议致电的客户"),
                columns=[
                    Column("customer", said("Customer", "客户编号")),
                    Column("name", said("Name", "姓名")),
                    Column("orders", ORDERS, "int"),
                    Column("amount", SALES, "money:GBP", bar=True),
                    Column("last", said("Last order", "最近下单"), "date"),
                    Column("why", said("Why", "原因")),
                ],
                rows=rows,
                caption=said(
                    "Champions and loyal customers of whom nothing was heard for more than three times their usual interval, by sales.",
                    "重要价值客户与忠诚客户中，沉默时间超过其平时下单间隔三倍者，按销售额排列。",
                ),
            )
        ],
        notes=[
            said(
                "A list is no verdict: whoever knows a customer knows more than his orders tell.",
                "名单只是提示：熟悉客户的人，知道的总比订单多。",
            )
        ],
    )
